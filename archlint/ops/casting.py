"""The same elements under another type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.errors import ShapeError
from archlint.model import Fact
from archlint.model.dtypes import BITS, ONNX_CODES
from archlint.ops.content import elementwise
from archlint.ops.cost import FREE, Cost
from archlint.ops.elementwise import Elementwise
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import operator
from archlint.ops.ranges import settled
from archlint.symbolic import Expr

if TYPE_CHECKING:
    from collections.abc import Sequence


def _same(value: Any) -> Any:
    return value


def _true(value: Any) -> Any:
    from archlint.symbolic import compare

    if isinstance(value, Expr):
        order = compare(value, 0)
        return None if order is None else order != 0
    return bool(value)


class Conversion(Elementwise):
    """Common ground: the element type changes, no arithmetic."""

    def converted(self, x: Fact, dtype: str | None) -> list[Fact]:
        """``x`` as ``dtype``."""
        content = None
        if x.content is not None or x.weight is not None:
            if dtype == "string" or x.dtype == "string" or dtype is None:
                return [Fact(dtype, x.shape)]
            function = _true if dtype == "bool" else _same
            content = elementwise(function, [x], x.shape, dtype)
        return [Fact(dtype, x.shape, content)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Nothing: a conversion is no arithmetic."""
        return FREE

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        import numpy as np

        x, dtype = ranges[0], outs[0].dtype or ""
        if dtype == "bool":
            return [Interval(0.0, 1.0)]
        if dtype.startswith(("int", "uint")):
            return [settled(np.trunc(x.lo), np.trunc(x.hi), dtype, ranges)]
        if dtype not in ("float16", "bfloat16", "float32", "float64"):
            return [ANY]
        return [settled(x.lo, x.hi, dtype, ranges, ulps=1)]


@operator("Cast")
class Cast(Conversion):
    """x as the element type ``to``.

    https://onnx.ai/onnx/operators/onnx__Cast.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        return self.converted(x, element_type(self.attrs.get("to"), "to"))


def element_type(code: Any, name: str) -> str | None:
    """The element type that an attribute names by number (before opset 6 by text).

    Raises `ShapeError` ``attribute-invalid`` for a number that is none.
    """
    if isinstance(code, str):
        return {"float": "float32", "double": "float64"}.get(code.lower(), code.lower())
    if code is None:
        return None
    found = ONNX_CODES.get(code) if isinstance(code, int) else None
    if found is None:
        raise ShapeError(
            "attribute-invalid", f"attribute '{name}' {code} is no element type", subject=f"attribute {name}"
        )
    return found


@operator("CastLike", since=15)
class CastLike(Conversion):
    """x as the element type of the second input.

    https://onnx.ai/onnx/operators/onnx__CastLike.html
    """

    def outputs(self, x: Fact, like: Fact) -> list[Fact]:
        return self.converted(x, like.dtype)


@operator("BitCast", since=26)
class BitCast(Conversion):
    """The bits of x read as the element type ``to``, which is as wide.

    https://onnx.ai/onnx/operators/onnx__BitCast.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        dtype = element_type(self.attrs.get("to"), "to")
        old, new = BITS.get(x.dtype or ""), BITS.get(dtype or "")
        if old is not None and new is not None and old != new:
            message = f"BitCast cannot read {x.dtype} ({old} bits) as {dtype} ({new} bits)"
            raise ShapeError("attribute-invalid", message, subject="attribute to")
        return [Fact(dtype, x.shape)]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [ANY]
