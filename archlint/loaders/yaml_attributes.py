"""Attribute values by the kind that the operator's schema gives, and constants written as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.loaders.yaml_fields import Fields
from archlint.loaders.yaml_init import Literal
from archlint.loaders.yaml_text import nearest
from archlint.loaders.yaml_tree import Item, Scalar, Sequence
from archlint.model import Weight
from archlint.model.dtypes import BITS, FLOATS, ONNX_CODES

if TYPE_CHECKING:
    from archlint.loaders.yaml_document import Layer

MAX_LITERAL = 4096
_CODES = {name: code for code, name in ONNX_CODES.items()}
_TYPED = ("to", "dtype", "output_dtype", "stash_type", "softmax_precision", "output_datatype")
"""Int attributes that hold a TensorProto.DataType; the name of the type may be written."""


class Attributes(Fields):
    """Reads attribute values."""

    def value(self, item: Item, kind: str, name: str, what: str, layer: Layer) -> Any:
        """The value of an attribute of ``kind`` (see `Signature`)."""
        if kind == "i":
            return self._int(item, name, what)
        if kind == "f":
            return self.number(item, what)
        if kind == "s":
            return self.word(item, what)
        if kind == "I":
            return self.integers(item, what)
        if kind == "F":
            return tuple(self.number(i, what) for i in self.items(item, "a list of numbers", what))
        if kind == "S":
            return tuple(self.word(i, what) for i in self.items(item, "a list of strings", what))
        if kind == "t":
            weight = self.literal(item, f"{layer.name}.{name}", "", what)
            weight.node = layer.name
            return weight
        raise self.later(item, what)

    def _int(self, item: Item, name: str, what: str) -> int:
        if isinstance(item, Scalar) and isinstance(item.value, bool):
            return int(item.value)
        if isinstance(item, Scalar) and isinstance(item.value, str) and name in _TYPED:
            if item.value not in _CODES:
                guess = nearest(item.value, _CODES)
                raise self.text.error("YML002", f"{what}: no element type '{item.value[:60]}'", item, guess)
            return _CODES[item.value]
        return self.integer(item, what)

    def untyped(self, item: Item, what: str) -> Any:
        """The value of an attribute that no schema knows: a number, a string, or a list of them."""
        if isinstance(item, Sequence):
            values = tuple(self.untyped(i, what) for i in item.items)
            if any(isinstance(v, float) for v in values) and not any(isinstance(v, str) for v in values):
                return tuple(float(v) for v in values)
            return values
        if not isinstance(item, Scalar) or item.value is None:
            raise self.wrong(item, "a number, a string or a list", what)
        if isinstance(item.value, str):
            return self.word(item, what)
        return int(item.value) if isinstance(item.value, bool) else item.value

    def literal(self, item: Item, name: str, element: str, what: str) -> Weight:
        """A constant written as a number or nested lists of them.

        ``element`` is its dtype; ``""`` takes int64 for whole numbers and float32 for others.
        """
        values: list[Any] = []
        shape = self._collect(item, values, what)
        whole = all(isinstance(v, int) and not isinstance(v, bool) for v in values)
        if not element:
            if values and all(isinstance(v, bool) for v in values):
                element = "bool"
            elif values and all(isinstance(v, str) for v in values):
                element = "string"
            else:
                element = "int64" if whole and values else "float32"
        fits = {
            "string": all(isinstance(v, str) for v in values),
            "bool": all(isinstance(v, bool) for v in values),
        }.get(element, whole or (element in FLOATS and not any(isinstance(v, (str, bool)) for v in values)))
        if element not in BITS or not fits:
            raise self.wrong(item, f"of element type {element}", what)
        if element.startswith(("int", "uint")) and values:
            bits = BITS[element] or 8
            low, high = (0, 1 << bits) if element[0] == "u" else (-1 << (bits - 1), 1 << (bits - 1))
            if not (low <= min(values) and max(values) < high):
                raise self.wrong(item, f"in the range of {element}", what)
        return Weight(name, element, shape, Literal(tuple(values)), "yaml", line=item.line)

    def _collect(self, item: Item, values: list[Any], what: str) -> tuple[int, ...]:
        """Append the leaves of ``item`` and return its shape, which must be regular."""
        if isinstance(item, Scalar):
            if item.value is None or (isinstance(item.value, str) and item.plain and "$" in item.value):
                raise self.wrong(item, "a number", what)
            values.append(item.value)
            if len(values) > MAX_LITERAL:
                message = f"{what} lists more than {MAX_LITERAL:,} numbers"
                raise self.text.error("YML010", message, item, "store them in a .npz file")
            return ()
        if not isinstance(item, Sequence):
            raise self.wrong(item, "numbers", what)
        shapes = {self._collect(i, values, what) for i in item.items}
        if len(shapes) > 1:
            raise self.wrong(item, "a list of equal rows", what)
        return (len(item.items), *(next(iter(shapes)) if shapes else ()))
