"""Quantisation: between real numbers and integers on a scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.model import Fact
from archlint.model.dtypes import BITS, ONNX_CODES
from archlint.ops import affine, attribute
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import Operator, operator
from archlint.symbolic import ceildiv

if TYPE_CHECKING:
    from collections.abc import Sequence

MICROSOFT = "com.microsoft"


def integer_range(dtype: str | None) -> tuple[int, int] | None:
    """Least and greatest value of an integer type; None for any other type."""
    bits = BITS.get(dtype) if dtype is not None else None
    if dtype is None or bits is None or "int" not in dtype:
        return None
    return (0, 2**bits - 1) if dtype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


class Scaled(Operator):
    """An element-wise map with a scale for the tensor, for each slice of an axis, or each block."""

    axis = attribute.integer(1)
    block_size = attribute.integer(0)

    def check_scale(self, x: Fact, scale: Fact, zero_point: Fact | None) -> None:
        """Raise when scale or zero point do not fit the tensor along ``axis``."""
        if x.shape is None or not scale.shape:
            return
        rank = len(x.shape)
        blocked = self.block_size > 0 and len(scale.shape) == rank
        if scale.shape == (1,) and not blocked:
            return
        axis = self.axis
        if rank == 0 or not -rank <= axis < rank:
            message = f"axis {axis} does not exist in a tensor of {rank} axes"
            raise ShapeError("axis-out-of-range", message, subject="attribute axis")
        expected = x.shape[axis]
        actual = scale.shape[0]
        if blocked:
            expected, actual = ceildiv(expected, self.block_size), scale.shape[axis]
        elif len(scale.shape) != 1:
            return
        if isinstance(expected, int) and isinstance(actual, int) and expected != actual:
            name = self.node.inputs[1]
            message = (
                f"{self.node.op_type}'s '{name}' has {actual} scales along axis {axis}, it needs {expected}"
            )
            raise ShapeError("shape-mismatch", message, subject=f"input {name}")


@operator("DequantizeLinear", domain=MICROSOFT)
@operator("DequantizeLinear", since=10)
class DequantizeLinear(Scaled):
    """y = (x - zero_point) * scale; the type is that of the scale, or ``output_dtype``.

    https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
    """

    output_dtype = attribute.integer(0)

    def outputs(self, x: Fact, scale: Fact, zero_point: Fact | None = None) -> list[Fact]:
        self.check_scale(x, scale, zero_point)
        return [Fact(ONNX_CODES.get(self.output_dtype) or scale.dtype, x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One product for each element, one subtraction when there is a zero point."""
        n = outs[0].numel
        shifted = len(ins) > 2 and ins[2] is not None
        return None if n is None else Cost(mults=n, adds=n if shifted else 0)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        x, scale = ins[0], ins[1]
        limits = integer_range(x.dtype if x is not None else None)
        if x is None or x.shape is None or scale is None or limits is None:
            return [ANY]
        import numpy as np

        values = Interval(
            np.maximum(ranges[0].lo, limits[0]), np.minimum(ranges[0].hi, limits[1]), ranges[0].source
        )
        if len(ins) > 2 and ins[2] is not None:
            values = affine.add(values, affine.scaled(self._placed(ranges[2], len(x.shape)), -1.0))
        found = affine.product(values, self._placed(ranges[1], len(x.shape)))
        return affine.finished([found], ranges, outs)

    def _placed(self, interval: Interval, rank: int) -> Interval:
        """Scales as they lie along ``axis``; their extremes when they are blocked."""
        import numpy as np

        if np.ndim(interval.lo) > 1 or np.ndim(interval.hi) > 1 or rank == 0:
            return Interval(interval.least(), interval.greatest(), interval.source)
        lo, hi = affine.along(interval, -1)
        spread = (-1, *(1,) * (rank - 1 - self.axis % rank))
        return Interval(
            np.reshape(lo, spread) if lo.ndim else lo,
            np.reshape(hi, spread) if hi.ndim else hi,
            interval.source,
        )


@operator("QuantizeLinear", domain=MICROSOFT)
@operator("QuantizeLinear", since=10)
class QuantizeLinear(Scaled):
    """y = saturate(round(x / scale) + zero_point); the type is that of the zero point, else uint8.

    https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
    """

    output_dtype = attribute.integer(0)

    def outputs(self, x: Fact, scale: Fact, zero_point: Fact | None = None) -> list[Fact]:
        self.check_scale(x, scale, zero_point)
        asked = ONNX_CODES.get(self.output_dtype)
        dtype = zero_point.dtype if zero_point is not None else asked or "uint8"
        return [Fact(dtype, x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each element a division, a rounding, a saturation; one addition with a zero point."""
        n = outs[0].numel
        shifted = len(ins) > 2 and ins[2] is not None
        return None if n is None else Cost(adds=n if shifted else 0, other=3 * n)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        limits = integer_range(outs[0].dtype)
        return [ANY if limits is None else Interval(float(limits[0]), float(limits[1]))]


@operator("DynamicQuantizeLinear", since=11)
class DynamicQuantizeLinear(Operator):
    """x on the scale of its own range: y (uint8), its scale and zero point.

    https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        return [Fact("uint8", x.shape), Fact("float32", ()), Fact("uint8", ())]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """2n comparisons for the range, then for each element division, rounding, shift, saturation."""
        n = outs[0].numel
        return None if n is None else Cost(adds=n + 1, other=5 * n + 4)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0, 255.0), Interval(0.0), Interval(0.0, 255.0)][: len(outs)]
