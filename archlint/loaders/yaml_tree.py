"""YAML text to a tree of items with marks, read from the parser's events under budgets.

PyYAML's own constructors are not used: on hostile text they exhaust the stack or the memory, and
they leak other exceptions than YAMLError.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

from archlint.loaders.yaml_scalar import Value, resolve
from archlint.loaders.yaml_text import Mark, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archlint.loaders.options import Limits

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PARSER_NESTING = 1000
"""Levels at which newer parsers give up by themselves."""


@dataclass(eq=False, slots=True)
class Scalar:
    """A leaf: its value, and the text it was written as."""

    line: int
    column: int
    value: Value
    text: str
    plain: bool
    size: int = 1
    height: int = 0


@dataclass(eq=False, slots=True)
class Sequence:
    """A list; ``size`` counts the items below with every alias expanded, ``height`` the levels."""

    line: int
    column: int
    items: list[Item] = field(default_factory=list)
    size: int = 1
    height: int = 1


@dataclass(eq=False, slots=True)
class Mapping:
    """Entries by the text of their key, in order, and the key items, which have the places."""

    line: int
    column: int
    entries: dict[str, Item] = field(default_factory=dict)
    keys: dict[str, Scalar] = field(default_factory=dict)
    merged: Mapping | None = None
    size: int = 1
    height: int = 1


Item: TypeAlias = Scalar | Sequence | Mapping


def parse(text: Text, limits: Limits) -> Item | None:
    """The only document of ``text``; None when it is empty; raises `LoadError`."""
    return _Builder(text, limits).document()


class _Builder:
    def __init__(self, text: Text, limits: Limits) -> None:
        self.text = text
        self.limits = limits
        self.anchors: dict[str, Item | None] = {}
        self.open: list[tuple[Sequence | Mapping, str | None]] = []
        self.key: list[Scalar | None] = []
        self.expanded = 0
        self.root: Item | None = None

    def document(self) -> Item | None:
        documents = 0
        for event in self._events():
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    message = "a second document starts here; a file holds one model"
                    raise self.text.error("YML005", message, _mark(event))
            elif isinstance(event, yaml.AliasEvent):
                self._add(self._aliased(event), event)
            elif isinstance(event, yaml.ScalarEvent):
                self._count(1, event)
                item = self._scalar(event)
                if event.anchor is not None:
                    self.anchors[event.anchor] = item
                self._add(item, event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._start(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end(event)
        return self.root

    def _events(self) -> Iterator[Any]:
        try:
            yield from yaml.parse(self.text.source, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            at = Mark(mark.line + 1, mark.column + 1) if mark is not None else Mark(1, 1)
            raise self._syntax(error.problem or error.context or "not YAML", at) from None
        except yaml.reader.ReaderError as error:
            source = self.text.source
            bad = next((i for i, c in enumerate(source) if not _printable(c)), 0)
            line = source.count("\n", 0, bad) + 1
            where = Mark(line, bad - (source.rfind("\n", 0, bad) + 1) + 1)
            reason = f"character U+{ord(source[bad]):04X} is not allowed in YAML" if source else error.reason
            raise self.text.error("YML001", reason, where) from None

    def _syntax(self, problem: str, at: Mark) -> Exception:
        problem = problem.replace("are not allowed in this context", "are not allowed here")
        if "nesting depth" in problem:
            return self._too_deep(at, min(self.limits.yaml_nesting, PARSER_NESTING))
        line = self._line(at)
        before = line[: at.column]
        if "\t" in before and not before.strip():
            return self.text.error(
                "YML001", "a tab cannot indent YAML", at, "indent with spaces; YAML forbids tabs there"
            )
        if _LONE.search(line.partition("#")[0]):
            return self._question(at)
        hint = next((h for words, h in _HINTS if words in problem), None)
        return self.text.error("YML001", problem, at, hint)

    def _line(self, at: Mark) -> str:
        return "".join(self.text.source.split("\n", at.line)[at.line - 1 : at.line])

    def _question(self, at: Mark) -> Exception:
        message = "'?' alone begins a key in YAML"
        return self.text.error("YML001", message, at, "an unknown size is written _ or '?', with quotes")

    def _too_deep(self, at: Mark, most: int) -> Exception:
        return self.text.error("YML010", f"nested more than {most:,} deep", at)

    def _count(self, size: int, event: Any) -> None:
        self.expanded += size
        if self.expanded > self.limits.yaml_items:
            message = f"more than {self.limits.yaml_items:,} YAML nodes once aliases are expanded"
            raise self.text.error("YML010", message, _mark(event))

    def _scalar(self, event: Any) -> Scalar:
        self._refuse_tag(event)
        at = _mark(event)
        if len(event.value) > self.limits.yaml_scalar:
            message = f"a scalar of {len(event.value):,} characters is over the limit of {self.limits.yaml_scalar:,}"
            raise self.text.error("YML010", message, at)
        plain = event.style is None or event.style == ""
        try:
            value = resolve(event.value) if plain else event.value
        except ValueError as error:
            raise self.text.error("YML002", str(error), at) from None
        return Scalar(at.line, at.column, value, event.value, plain)

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            message = f"tag '{event.tag[:60]}' is not allowed: models use plain YAML values"
            raise self.text.error("YML007", message, _mark(event), "leave the tag out")

    def _aliased(self, event: Any) -> Item:
        if event.anchor not in self.anchors:
            message = f"alias '*{event.anchor}' has no anchor before it"
            raise self.text.error("YML006", message, _mark(event))
        item = self.anchors[event.anchor]
        if item is None:
            message = f"anchor '&{event.anchor}' contains itself"
            raise self.text.error("YML010", message, _mark(event))
        self._count(item.size, event)
        self._check_depth(len(self.open) + item.height, event)
        return item

    def _check_depth(self, depth: int, event: Any) -> None:
        if depth > self.limits.yaml_nesting:
            raise self._too_deep(_mark(event), self.limits.yaml_nesting)

    def _start(self, event: Any) -> None:
        self._refuse_tag(event)
        self._count(1, event)
        self._check_depth(len(self.open) + 1, event)
        at = _mark(event)
        kind = Sequence if isinstance(event, yaml.SequenceStartEvent) else Mapping
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.open.append((kind(at.line, at.column), event.anchor))
        self.key.append(None)

    def _end(self, event: Any) -> None:
        item, anchor = self.open.pop()
        self.key.pop()
        if isinstance(item, Mapping):
            if item.merged is not None:
                self._merge(item, item.merged)
            at = Mark(item.line, item.column)
            if item.entries.keys() == {""} and self._line(at)[at.column - 1 :].startswith("?"):
                raise self._question(at)
        if anchor is not None:
            self.anchors[anchor] = item
        self._add(item, event)

    def _add(self, item: Item, event: Any) -> None:
        if not self.open:
            self.root = item
            return
        parent = self.open[-1][0]
        parent.size += item.size
        parent.height = max(parent.height, item.height + 1)
        if isinstance(parent, Sequence):
            parent.items.append(item)
            return
        key = self.key[-1]
        if key is None:
            if not isinstance(item, Scalar):
                raise self.text.error("YML007", "a key must be a single word", _mark(event))
            start = _mark(event)
            self.key[-1] = Scalar(start.line, start.column, item.value, item.text, item.plain)
            return
        self.key[-1] = None
        self._enter(parent, key, item)

    def _enter(self, parent: Mapping, key: Scalar, item: Item) -> None:
        if key.text == "<<" and key.plain:
            if not isinstance(item, Mapping):
                raise self.text.error("YML007", "'<<' merges one mapping", item)
            if parent.merged is not None:
                raise self.text.error("YML004", "'<<' given twice in one mapping", key)
            parent.merged = item
            return
        first = parent.keys.get(key.text)
        if first is not None:
            message = (
                f"key '{key.text[:60]}' given twice (first at line {first.line}); "
                "YAML would silently keep the last"
            )
            raise self.text.error("YML004", message, key)
        parent.keys[key.text] = key
        parent.entries[key.text] = item

    def _merge(self, into: Mapping, merged: Mapping) -> None:
        for key, item in merged.entries.items():
            if key not in into.entries:
                into.entries[key] = item
                into.keys[key] = merged.keys[key]


_LONE = re.compile(r"(?:^|[\s\[{,:-])\?\s*(?=[],}]|$)")
_HINTS = (
    ("mapping values are not allowed", "quote the text or put a space after ':'"),
    ("found character that cannot start any token", "quote the text: '@', '`' and '%' start nothing"),
    ("did not find expected ',' or", "a bracket or a comma is missing before this place"),
    ("could not find expected ':'", "a key needs ': ' and a value"),
    ("did not find expected key", "check the indentation of this line and the one before"),
    ("did not find expected '-' indicator", "check the indentation of this line and the one before"),
    ("found unexpected end of stream", "a quote or a bracket is not closed"),
)


def _printable(c: str) -> bool:
    return c in "\t\n\r\x85" or " " <= c <= "~" or (c >= "\xa0" and c not in "\ufffe\uffff")


def _mark(event: Any) -> Mark:
    mark = event.start_mark
    return Mark(mark.line + 1, mark.column + 1)
