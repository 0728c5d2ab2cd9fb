"""Typed operator attributes, declared once on the class and checked when read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from archlint.errors import ShapeError
from archlint.model import Graph, Weight

if TYPE_CHECKING:
    from collections.abc import Callable

    from archlint.ops.operator import Operator

T = TypeVar("T")


class Attribute(Generic[T]):
    """Descriptor of an ONNX attribute: its default, and the conversion that checks its type."""

    def __init__(self, default: T, convert: Callable[[Any], T], expected: str) -> None:
        self.default = default
        self.convert = convert
        self.expected = expected
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name.rstrip("_")

    @overload
    def __get__(self, instance: None, owner: type) -> Attribute[T]: ...
    @overload
    def __get__(self, instance: Operator, owner: type) -> T: ...
    def __get__(self, instance: Operator | None, owner: type) -> Attribute[T] | T:
        if instance is None:
            return self
        value = instance.attrs.get(self.name)
        if value is None:
            return self.default
        try:
            return self.convert(value)
        except (TypeError, ValueError):
            kind = "attribute-invalid"
            message = f"attribute '{self.name}' must be {self.expected}, not {_shown(value)}"
            raise ShapeError(kind, message, subject=f"attribute {self.name}") from None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _exact(kind: type | tuple[type, ...]) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError
        return value

    return convert


def _ints(value: Any) -> tuple[int, ...]:
    if not isinstance(value, (tuple, list)) or not all(isinstance(v, int) for v in value):
        raise TypeError
    return tuple(value)


def _floats(value: Any) -> tuple[float, ...]:
    if not isinstance(value, (tuple, list)):
        raise TypeError
    return tuple(float(v) for v in value)


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (tuple, list)) or not all(isinstance(v, str) for v in value):
        raise TypeError
    return tuple(value)


def integer(default: int = 0) -> Attribute[int]:
    """An int with a default."""
    return Attribute(default, _exact(int), "an int")


def optional_integer() -> Attribute[int | None]:
    """An int that may be absent."""
    return Attribute(None, _exact(int), "an int")


def number(default: float) -> Attribute[float]:
    """A float with a default."""
    return Attribute(default, lambda v: float(_exact((int, float))(v)), "a float")


def optional_number() -> Attribute[float | None]:
    """A float that may be absent."""
    return Attribute(None, lambda v: float(_exact((int, float))(v)), "a float")


def text(default: str = "") -> Attribute[str]:
    """A string with a default."""
    return Attribute(default, _exact(str), "a string")


def choice(default: str, *others: str) -> Attribute[str]:
    """A string that is one of a few, the first being the default."""
    allowed = (default, *others)

    def convert(value: Any) -> str:
        if value not in allowed:
            raise ValueError
        return str(value)

    return Attribute(default, convert, f"one of {', '.join(allowed)}")


def integers() -> Attribute[tuple[int, ...] | None]:
    """A list of ints that may be absent."""
    return Attribute(None, _ints, "a list of ints")


def numbers() -> Attribute[tuple[float, ...] | None]:
    """A list of floats that may be absent."""
    return Attribute(None, _floats, "a list of floats")


def texts() -> Attribute[tuple[str, ...] | None]:
    """A list of strings that may be absent."""
    return Attribute(None, _strings, "a list of strings")


def tensor() -> Attribute[Weight | None]:
    """A stored tensor that may be absent."""
    return Attribute(None, _exact(Weight), "a tensor")


def body() -> Attribute[Graph | None]:
    """A subgraph."""
    return Attribute(None, _exact(Graph), "a graph")
