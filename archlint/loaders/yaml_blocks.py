"""Blocks, repetition and parameters of a YAML model, written out: what remains is a plain list of layers.

A layer of a block is called ``INSTANCE/LAYER``; the block's name outside of it means its last layer, or
what its ``out`` names. Errors in a block stand where the block does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from archlint.loaders.options import Limits
from archlint.loaders.yaml_aliases import ALIASES
from archlint.loaders.yaml_block_table import Block, BlockTable, listed
from archlint.loaders.yaml_expressions import substituted
from archlint.loaders.yaml_operators import signature
from archlint.loaders.yaml_text import nearest
from archlint.loaders.yaml_tree import Item, Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from archlint.loaders.yaml_text import Text

MAX_LAYERS = 200_000
"""Layers that a model may expand to, unless ``--max-nodes`` says otherwise."""
OPSET = 21
USE_KEYS = ("use", "name", "in", "repeat")
REQUIRED = "required"
_NEEDED = re.compile(r"\$[A-Za-z_]|\b(?:params|blocks|repeat|use)\b")

Reference: TypeAlias = "str | int"
"""A tensor by its name, or a layer without one by its place in the list."""


@dataclass(eq=False, slots=True)
class _Scope:
    """The layers that see each other: those of the model, or of one use of a block."""

    values: dict[str, Item]
    prefix: str = ""
    names: dict[str, list[Reference]] = field(default_factory=dict)
    """What a name stands for here, output by output."""
    units: list[Reference] = field(default_factory=list)
    """The first output of every layer and of every use of a block."""
    start: Reference | None = None
    counts: dict[str, int] = field(default_factory=dict)


def expanded(root: Mapping, text: Text, limits: Limits) -> Mapping:
    """``root`` without ``params`` and ``blocks``, its layers written out; raises `LoadError`."""
    if not _NEEDED.search(text.source):
        return root
    return _Expansion(text, limits).run(root)


class _Expansion(BlockTable):
    def __init__(self, text: Text, limits: Limits) -> None:
        super().__init__(text)
        self.limit = MAX_LAYERS if limits.nodes == Limits().nodes else limits.nodes
        self.params: dict[str, Item] = {}
        self.made: list[Item] = []
        self.last: Reference | None = None
        self.counted: dict[tuple[object, ...], int] = {}

    def run(self, root: Mapping) -> Mapping:
        given = root.entries
        if "params" in given:
            self._params(self.mapping(given["params"], "'params'"))
        if "blocks" in given:
            self.declare(self.mapping(given["blocks"], "'blocks'"))
        entries = {
            key: substituted(item, self.params, self.text)
            for key, item in given.items()
            if key not in ("params", "blocks", "layers")
        }
        if "inputs" in entries:
            self._check_symbols(entries["inputs"])
        layers = given.get("layers")
        if isinstance(layers, Sequence):
            scope = _Scope(self.params)
            declared = entries.get("inputs")
            names = list(declared.entries) if isinstance(declared, Mapping) else ["x"]
            scope.start = names[0] if len(names) == 1 else None
            self._count_all(layers.items)
            self._layers(layers.items, scope)
            entries["layers"] = Sequence(layers.line, layers.column, self.made)
            if "outputs" in entries:
                entries["outputs"] = self._outputs(entries["outputs"], scope)
        elif layers is not None:
            entries["layers"] = layers
        return Mapping(root.line, root.column, {k: entries[k] for k in given if k in entries}, root.keys)

    def _params(self, mapping: Mapping) -> None:
        for name, item in mapping.entries.items():
            if name.startswith("x-"):
                continue
            self.identifier(mapping.keys[name], "a parameter")
            self.params[name] = substituted(item, self.params, self.text)

    def _check_symbols(self, item: Item) -> None:
        """Refuse a symbol that is spelt like a parameter: it could be meant for either."""
        for declared in item.entries.values() if isinstance(item, Mapping) else ():
            shape = declared.entries.get("shape") if isinstance(declared, Mapping) else declared
            for size in shape.items if isinstance(shape, Sequence) else ():
                if isinstance(size, Scalar) and isinstance(size.value, str) and size.text in self.params:
                    message = f"'{size.text}': a parameter, not a symbol"
                    raise self.text.error(
                        "YML009", message, size, f"write ${size.text}, or rename one of them"
                    )

    def _count_all(self, layers: list[Item]) -> None:
        """Refuse a model that expands to more layers than allowed, before any of them is made."""
        total, worst, where = 0, 0, None
        for item in layers:
            count = self._count(item, self.params)
            total += count
            if count > worst:
                worst, where = count, item
        if total > self.limit and where is not None:
            message = f"expands to {total:,} layers, limit {self.limit:,} (--max-nodes)"
            raise self.text.error("YML010", message, where)

    def _count(self, item: Item, values: dict[str, Item]) -> int:
        if not isinstance(item, Mapping):
            return 1
        repeat = self._repeat(item, values)
        if "use" not in item.entries:
            return repeat
        block, inner = self._used(item, values)
        key = (block.name, *((k, _shown(v)) for k, v in inner.items()))
        if key not in self.counted:
            self.counted[key] = sum(self._count(i, inner) for i in block.layers)
        return repeat * self.counted[key]

    def _repeat(self, item: Mapping, values: dict[str, Item]) -> int:
        given = item.entries.get("repeat")
        if given is None:
            return 1
        return self.integer(substituted(given, values, self.text), "'repeat'", 1)

    def _used(self, item: Mapping, values: dict[str, Item]) -> tuple[Block, dict[str, Item]]:
        """The block that a layer uses, and the values that hold in it."""
        use = item.entries["use"]
        name = self.name(use, "'use'")
        block = self.blocks.get(name)
        if block is None:
            message = f"no block '{name[:60]}'"
            raise self.text.error("YML006", message, use, nearest(name, self.blocks))
        what = f"block '{name}'"
        given = {}
        for key, value in item.entries.items():
            if key in USE_KEYS or key.startswith("x-"):
                continue
            if key not in block.arguments:
                raise self.unknown(item.keys[key], [*block.arguments, *USE_KEYS], what)
            given[key] = substituted(value, values, self.text)
        inner = dict(self.params)
        for key, default in block.arguments.items():
            if key in given:
                inner[key] = given[key]
            elif isinstance(default, Scalar) and default.plain and default.text == REQUIRED:
                raise self.text.error("YML015", f"{what} needs '{key}'", item, f"write {key}: and a value")
            else:
                inner[key] = substituted(default, inner, self.text)
        return block, inner

    def _layers(self, items: list[Item], scope: _Scope) -> None:
        for item in items:
            if not isinstance(item, Mapping):
                self._plain(item, {}, scope)
                continue
            for number in range(self._repeat(item, scope.values)):
                if "use" in item.entries:
                    self._instance(item, scope, number)
                else:
                    entries = {
                        k: substituted(v, scope.values, self.text)
                        for k, v in item.entries.items()
                        if k != "repeat"
                    }
                    self._plain(item, entries, scope, number)

    def _plain(self, item: Item, entries: dict[str, Item], scope: _Scope, number: int = 0) -> None:
        """One operator: its name and what it reads made absolute."""
        here = len(self.made)
        op = entries.get("op", item)
        written = op.text if isinstance(op, Scalar) else ""
        name = self._name(item, entries.get("name"), number)
        if not name and scope.prefix:
            name = self._numbered(written.rpartition("::")[2].lower(), scope)
        source = self._source(item, entries.get("in"), written, scope, number)
        made = item
        if isinstance(item, Mapping) or name or source is not None:
            entries = dict(entries) or {"op": op}
            if name:
                entries["name"] = _text(scope.prefix + name, entries.get("name", item))
            if source is not None:
                entries["in"] = source
            keys = item.keys if isinstance(item, Mapping) else {}
            made = Mapping(item.line, item.column, entries, keys)
        self.made.append(made)
        result: Reference = scope.prefix + name if name else here
        scope.units.append(result)
        self.last = result
        if name:
            scope.names[name] = [result]

    def _source(
        self, item: Item, given: Item | None, written: str, scope: _Scope, number: int
    ) -> Item | None:
        """What stands in ``in``; None where the layer before is meant and is the one before."""
        if given is not None:
            found = self._references(given, scope)
            if number and not isinstance(found, Mapping):
                rest = listed(found)[1:]
                found = Sequence(given.line, given.column, [self._item(scope.units[-1], given), *rest])
            return found
        before = scope.units[-1] if scope.units else scope.start
        here = len(self.made)
        made = signature(ALIASES[written].op_type if written in ALIASES else written, OPSET)
        reads = made is None or made.inputs
        if before is None or before == self.last or not reads or not (here or scope.prefix):
            return None
        return self._item(before, item)

    def _item(self, reference: Reference, place: Item) -> Scalar:
        if isinstance(reference, int):
            back = reference - len(self.made)
            return Scalar(place.line, place.column, back, str(back), plain=True)
        return _text(reference, place)

    def _references(self, item: Item, scope: _Scope) -> Item:
        """``in`` with names and distances that hold in the list of all layers."""
        if isinstance(item, Sequence):
            return Sequence(item.line, item.column, [self._references(i, scope) for i in item.items])
        if not isinstance(item, Scalar) or item.value is None:
            return item
        if isinstance(item.value, int) and not isinstance(item.value, bool) and item.plain:
            if item.value >= 0 or (not scope.prefix and len(scope.units) == len(self.made)):
                return item
            if -item.value > len(scope.units):
                return self._past(item, scope)
            return self._item(scope.units[item.value], item)
        found = self._found(item.text, scope)
        return item if found is None else self._item(found, item)

    def _past(self, item: Scalar, scope: _Scope) -> Scalar:
        if item.value == -1 and scope.start is not None and scope.prefix:
            return self._item(scope.start, item)
        message = f"'in: {item.text}' goes past the first layer"
        raise self.text.error("YML006", message, item)

    def _found(self, text: str, scope: _Scope) -> Reference | None:
        """The tensor that a name means in ``scope``; None when it is none of its own."""
        if text in scope.names:
            return scope.names[text][0]
        for separator in (":", "."):
            name, _, output = text.rpartition(separator)
            outs = scope.names.get(name)
            if outs is None:
                continue
            if len(outs) > 1 and output.isdecimal() and int(output[:6]) < len(outs):
                return outs[int(output[:6])]
            return f"{outs[0]}{separator}{output}"
        return None

    def _instance(self, item: Mapping, scope: _Scope, number: int) -> None:
        """One use of a block."""
        block, values = self._used(item, scope.values)
        named = item.entries.get("name")
        named = None if named is None else substituted(named, scope.values, self.text)
        name = self._name(item, named, number) or self._numbered(block.name.lower(), scope)
        if name in scope.names:
            message = f"layer name '{name}' given twice"
            raise self.text.error("YML014", message, item, "write {i} in the name of what is repeated")
        inner = _Scope(values, f"{scope.prefix}{name}/")
        for key, reference in zip(block.inputs, self._inputs(item, block, scope, number), strict=True):
            inner.names[key] = [reference]
            inner.start = reference if inner.start is None else inner.start
        self._layers(block.layers, inner)
        outs = [self._out(o, inner, block) for o in block.out] or [inner.units[-1]]
        scope.names[name] = outs
        scope.units.append(outs[0])

    def _inputs(self, item: Mapping, block: Block, scope: _Scope, number: int) -> list[Reference]:
        """What the inputs of a block are in this use of it."""
        given = item.entries.get("in")
        before = scope.units[-1] if scope.units else scope.start
        what = f"block '{block.name}'"
        entries: list[Item | None] = [None]
        if given is not None:
            entries = list(listed(substituted(given, scope.values, self.text)))
        if len(entries) != len(block.inputs):
            count = f"{len(block.inputs)} input{'s'[: len(block.inputs) != 1]} ({', '.join(block.inputs)})"
            raise self.text.error("YML006", f"{what} has {count}, gets {len(entries)}", given or item)
        found: list[Reference] = []
        for position, entry in enumerate(entries):
            if entry is None or (number and not position):
                if before is None:
                    message = f"{what} needs 'in': nothing stands before it, and the model has several inputs"
                    raise self.text.error("YML006", message, item)
                found.append(before)
                continue
            if not isinstance(entry, Scalar) or entry.value is None:
                raise self.wrong(entry, "the name of a layer", f"an input of {what}")
            absolute = self._references(entry, scope)
            assert isinstance(absolute, Scalar)
            relative = absolute.value if absolute.plain and isinstance(absolute.value, int) else None
            if relative is not None and not -len(self.made) <= relative < 0:
                message = f"'in: {entry.text}' of {what} points nowhere"
                raise self.text.error("YML006", message, entry)
            found.append(absolute.text if relative is None else len(self.made) + relative)
        return found

    def _out(self, item: Item, scope: _Scope, block: Block) -> Reference:
        if not isinstance(item, Scalar):
            raise self.wrong(item, "the name of a layer", f"'out' of block '{block.name}'")
        found = self._found(item.text, scope)
        if found is None:
            message = f"'out' of block '{block.name}': no layer '{item.text[:60]}' in it"
            raise self.text.error("YML006", message, item, nearest(item.text, scope.names))
        return found

    def _outputs(self, item: Item, scope: _Scope) -> Item:
        """``outputs`` with the names of blocks replaced by those of the layers they stand for."""
        if isinstance(item, Mapping):
            entries, keys = {}, {}
            for name, value in item.entries.items():
                key = self._references(item.keys[name], scope)
                assert isinstance(key, Scalar)
                entries[key.text], keys[key.text] = value, key
            return Mapping(item.line, item.column, entries, keys)
        return self._references(item, scope)

    def _name(self, item: Item, named: Item | None, number: int) -> str:
        if named is None:
            return ""
        text = named.text if isinstance(named, Scalar) else ""
        if isinstance(item, Mapping) and "repeat" in item.entries:
            text = text.replace("{i}", str(number))
        if not text.strip() or len(text) > 200 or "{" in text:
            raise self.wrong(named, "a name", "the name of a layer")
        return text

    def _numbered(self, stem: str, scope: _Scope) -> str:
        while True:
            scope.counts[stem] = scope.counts.get(stem, 0) + 1
            name = f"{stem}_{scope.counts[stem]}"
            if name not in scope.names:
                return name


def _text(text: str, place: Item) -> Scalar:
    return Scalar(place.line, place.column, text, text, plain=False)


def _shown(item: Item) -> object:
    return item.text if isinstance(item, Scalar) else id(item)
