"""Typed readers of tree items: the value asked for, or an error at the item."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archlint.loaders.yaml_text import nearest
from archlint.loaders.yaml_tree import Item, Mapping, Scalar, Sequence
from archlint.model import Fact
from archlint.model.dtypes import BITS
from archlint.symbolic import Dim, fresh, symbol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archlint.errors import LoadError
    from archlint.loaders.yaml_text import Text

MAX_SYMBOL = 128
OPEN = ("_", "?")
"""Words for what is unknown; a bare ``?`` is not YAML, so it comes in quotes."""
LIMIT = 1 << 63
"""One more than the largest int64, which is what ONNX stores ints and dims in."""

_SYMBOL = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


class Fields:
    """Reads values out of one document's tree."""

    def __init__(self, text: Text) -> None:
        self.text = text

    def wrong(self, item: Item, expected: str, what: str) -> LoadError:
        """An error that says what stands where ``expected`` should."""
        return self.text.error("YML002", f"{what} must be {expected}, not {shown(item)}", item)

    def later(self, item: Item, what: str) -> LoadError:
        """An error for a part of the format that this version does not read."""
        return self.text.error("YML016", f"{what} is not supported yet", item)

    def mapping(self, item: Item, what: str) -> Mapping:
        """A mapping."""
        if not isinstance(item, Mapping):
            raise self.wrong(item, "a mapping", what)
        return item

    def entries(self, item: Item, allowed: Iterable[str], what: str) -> dict[str, Item]:
        """Entries of a mapping with only ``allowed`` keys; ``x-...`` are left out."""
        mapping, known = self.mapping(item, what), list(allowed)
        found = {}
        for key, value in mapping.entries.items():
            if key.startswith("x-"):
                continue
            if key not in known:
                raise self.unknown(mapping.keys[key], known, what)
            found[key] = value
        return found

    def unknown(self, key: Scalar, known: list[str], what: str) -> LoadError:
        """The error for a key that means nothing here."""
        guess = nearest(key.text, known)
        allowed = f"allowed: {', '.join(known[:20])}{', …' if len(known) > 20 else ''}"
        hint = f"{guess} {allowed}" if guess else allowed
        return self.text.error("YML003", f"{what}: unknown key '{key.text[:60]}'", key, hint)

    def name(self, item: Item, what: str) -> str:
        """Text that is not empty; a number or a word such as ``true`` counts as written."""
        if not isinstance(item, Scalar) or not item.text.strip() or len(item.text) > 200:
            raise self.wrong(item, "a name", what)
        if item.plain and "{" in item.text:
            raise self.wrong(item, "a name", what)
        return item.text

    def word(self, item: Item, what: str) -> str:
        """A string."""
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            raise self.wrong(item, "a string", what)
        return item.value

    def integer(self, item: Item, what: str, minimum: int | None = None) -> int:
        """An int64, no less than ``minimum``."""
        value = item.value if isinstance(item, Scalar) else None
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(item, "an int", what)
        if minimum is not None and value < minimum:
            raise self.wrong(item, f"at least {minimum}", what)
        if not -LIMIT <= value < LIMIT:
            raise self.wrong(item, "an int of 64 bits", what)
        return value

    def number(self, item: Item, what: str) -> float:
        """A number; ints count, bools do not."""
        value = item.value if isinstance(item, Scalar) else None
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise self.wrong(item, "a number", what)
        return float(value)

    def boolean(self, item: Item, what: str) -> bool:
        """The value of `true` or `false`."""
        value = item.value if isinstance(item, Scalar) else None
        if not isinstance(value, bool):
            raise self.wrong(item, "true or false", what)
        return value

    def items(self, item: Item, expected: str, what: str) -> list[Item]:
        """The items of a list."""
        if not isinstance(item, Sequence):
            raise self.wrong(item, expected, what)
        return item.items

    def integers(self, item: Item, what: str, minimum: int | None = None) -> tuple[int, ...]:
        """A list of ints."""
        return tuple(self.integer(i, what, minimum) for i in self.items(item, "a list of ints", what))

    def dims(self, item: Item, what: str) -> tuple[Dim, ...]:
        """A shape: sizes, symbols, and ``_`` (or null, or a quoted ``?``) for a size that is unknown."""
        return tuple(self.dim(i, what) for i in self.items(item, "a list such as [N, 3, 224, 224]", what))

    def dim(self, item: Item, what: str) -> Dim:
        """One size of a shape."""
        if isinstance(item, Scalar):
            value = item.value
            if value is None or item.text in OPEN:
                return fresh()
            if isinstance(value, int) and not isinstance(value, bool):
                if value < 0:
                    message = f"a size in {what} is {value}"
                    hint = "name the size (N) or write _ for one that is unknown"
                    raise self.text.error("YML002", message, item, hint)
                return self.integer(item, what)
            if isinstance(value, (str, bool)) and len(item.text) <= MAX_SYMBOL:
                if _SYMBOL.fullmatch(item.text):
                    return symbol(item.text)
                if isinstance(value, str) and re.search(r"[-+*/%() ]", value):
                    return self._computed(item, what)
        raise self.wrong(item, "sizes, symbols such as N, or _", what)

    def _computed(self, item: Scalar, what: str) -> Dim:
        """A size written as an expression over symbols."""
        from archlint.loaders.yaml_expressions import size

        found = size(item, self.text)
        if isinstance(found, int) and not 0 <= found < LIMIT:
            raise self.text.error("YML002", f"a size in {what} is {found}", item)
        return found

    def sizes(self, item: Item, what: str) -> tuple[int, ...]:
        """A shape of numbers alone, as stored tensors have it."""
        return self.integers(item, what, 0)

    def dtype(self, item: Item, what: str) -> str:
        """The name of an element type."""
        word = self.word(item, what)
        if word not in BITS:
            guess = nearest(word, BITS)
            raise self.text.error("YML002", f"{what}: no element type '{word[:60]}'", item, guess)
        return word

    def fact(self, item: Item, what: str) -> Fact:
        """A declared tensor: its shape, ``{shape: ..., dtype: ...}``, or nothing known."""
        if isinstance(item, Scalar) and (item.value is None or item.text in OPEN):
            return Fact("float32")
        if isinstance(item, Sequence):
            return Fact("float32", self.dims(item, f"the shape of {what}"))
        found = self.entries(item, ("shape", "dtype"), what)
        dtype = self.dtype(found["dtype"], f"dtype of {what}") if "dtype" in found else "float32"
        shape = found.get("shape")
        if shape is None or (isinstance(shape, Scalar) and (shape.value is None or shape.text in OPEN)):
            return Fact(dtype)
        return Fact(dtype, self.dims(shape, f"the shape of {what}"))


def shown(item: Item) -> str:
    """What stands in the file, shortened."""
    if isinstance(item, Mapping):
        return "a mapping"
    if isinstance(item, Sequence):
        return "a list"
    if item.value is None and item.plain:
        return "empty"
    text = item.text if item.plain else repr(item.text)
    return text if len(text) <= 40 else text[:37] + "..."
