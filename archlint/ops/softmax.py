"""Softmax and its relatives: values over an axis turned into shares of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.ops import attribute
from archlint.ops.cost import Cost
from archlint.ops.interval import Interval
from archlint.ops.operator import Operator, operator
from archlint.symbolic import Dim, floordiv, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Fact


class Normalized(Operator):
    """Competition along one axis; before opset 13 along all axes from ``axis`` on, default 1."""

    axis_ = attribute.optional_integer()

    def outputs(self, x: Fact) -> list[Fact]:
        self.group(x)
        return [x.of(x.shape)]

    @property
    def axis(self) -> int:
        """The axis as given, or the default of this opset."""
        return self.axis_ if self.axis_ is not None else 1 if self.opset < 13 else -1

    def group(self, x: Fact) -> Dim | None:
        """Number of elements that compete with each other; raises for an axis that x lacks."""
        if x.shape is None:
            return None
        rank, axis = len(x.shape), self.axis
        if rank == 0:
            return 1
        top = rank if self.opset < 13 else rank - 1
        if not -rank <= axis <= top:
            if self.axis_ is None:
                return product(x.shape) if self.opset < 13 else 1
            message = f"axis {axis} does not exist in a tensor of {rank} axes"
            raise ShapeError("axis-out-of-range", message, subject="attribute axis")
        if self.opset < 13:
            return product(x.shape[axis if axis >= 0 else axis + rank :])
        return x.shape[axis]

    def rows(self, x: Fact | None) -> tuple[Dim, Dim] | None:
        """Number of elements and of groups."""
        n = x.numel if x is not None else None
        k = self.group(x) if x is not None else None
        if x is None or n is None or k is None:
            return None
        if isinstance(k, int) and k == 0:
            return 0, 0
        return n, floordiv(n, k)


@operator("Softmax")
class Softmax(Normalized):
    """exp(x) / sum of exp(x) along an axis.

    https://onnx.ai/onnx/operators/onnx__Softmax.html
    """

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """N exponentials, n divisions, and for each group of k elements k - 1 additions."""
        found = self.rows(ins[0])
        return None if found is None else Cost(adds=found[0] - found[1], other=2 * found[0])

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0, 1.0)]


@operator("LogSoftmax")
class LogSoftmax(Normalized):
    """x - log(sum of exp(x)) along an axis.

    https://onnx.ai/onnx/operators/onnx__LogSoftmax.html
    """

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """N exponentials, n subtractions, and for each group k - 1 additions and a logarithm."""
        found = self.rows(ins[0])
        if found is None:
            return None
        return Cost(adds=2 * found[0] - found[1], other=found[0] + found[1])

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(hi=0.0)]


@operator("Hardmax")
class Hardmax(Normalized):
    """1 at the first largest element along an axis, else 0.

    https://onnx.ai/onnx/operators/onnx__Hardmax.html
    """

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each group of k elements k - 1 comparisons."""
        found = self.rows(ins[0])
        return None if found is None else Cost(other=found[0] - found[1])

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0, 1.0)]
