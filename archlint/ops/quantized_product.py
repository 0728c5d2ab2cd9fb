"""Matrix products and convolutions of integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.model import Fact
from archlint.ops.agreement import vector
from archlint.ops.convolution import Convolving
from archlint.ops.cost import Cost
from archlint.ops.interval import Interval
from archlint.ops.operator import Operator, operator
from archlint.ops.product import inner, matmul_shape
from archlint.ops.quantization import integer_range
from archlint.symbolic import fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence


def shifts(ins: Sequence[Fact | None], *slots: tuple[int, int]) -> Cost:
    """One subtraction for each element of an input whose zero point, (input, zero point), is given."""
    total = Cost()
    for data, zero in slots:
        fact = ins[data]
        if len(ins) > zero and ins[zero] is not None and fact is not None and not fact.constant:
            n = fact.numel
            total = total + Cost(adds=fresh() if n is None else n)
    return total


@operator("MatMulInteger", since=10)
class MatMulInteger(Operator):
    """Y = (A - a_zero_point) @ (B - b_zero_point) in int32.

    https://onnx.ai/onnx/operators/onnx__MatMulInteger.html
    """

    def outputs(
        self, a: Fact, b: Fact, a_zero_point: Fact | None = None, b_zero_point: Fact | None = None
    ) -> list[Fact]:
        return [Fact("int32", matmul_shape(a.shape, b.shape, self.node))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A MatMul, plus one subtraction for each element that a zero point shifts at run time."""
        a, b, y = ins[0], ins[1], outs[0].numel
        terms = inner(a, b)
        if y is None or terms is None:
            return None
        return Cost.linear(y, terms) + shifts(ins, (0, 2), (1, 3))


@operator("ConvInteger", since=10)
class ConvInteger(Convolving):
    """A Conv of (X - x_zero_point) by (W - w_zero_point) in int32.

    https://onnx.ai/onnx/operators/onnx__ConvInteger.html
    """

    def outputs(
        self, x: Fact, w: Fact, x_zero_point: Fact | None = None, w_zero_point: Fact | None = None
    ) -> list[Fact]:
        return [Fact("int32", self.convolved(x.shape, w.shape))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A Conv without bias, plus one subtraction for each element that a zero point shifts."""
        w, y = ins[1], outs[0].numel
        if w is None or w.shape is None or y is None:
            return None
        return Cost.linear(y, product(w.shape[1:])) + shifts(ins, (0, 2), (1, 3))


class Requantized(Operator):
    """A result in int32 that is brought to the scale of the output."""

    def rescaling(self, outs: Sequence[Fact]) -> Cost:
        """For each element one product with the ratio of scales, one shift, rounding and saturation."""
        n = outs[0].numel
        count = fresh() if n is None else n
        return Cost(mults=count, adds=count, other=2 * count)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        limits = integer_range(outs[0].dtype)
        return [Interval() if limits is None else Interval(float(limits[0]), float(limits[1]))]


@operator("QLinearMatMul", since=10)
class QLinearMatMul(Requantized):
    """A MatMul of quantised matrices, its result quantised again.

    https://onnx.ai/onnx/operators/onnx__QLinearMatMul.html
    """

    def outputs(
        self,
        a: Fact,
        a_scale: Fact,
        a_zero_point: Fact,
        b: Fact,
        b_scale: Fact,
        b_zero_point: Fact,
        y_scale: Fact,
        y_zero_point: Fact,
    ) -> list[Fact]:
        return [Fact(y_zero_point.dtype, matmul_shape(a.shape, b.shape, self.node, (0, 3)))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A MatMul, the shifts by zero points, and the rescaling of every output element."""
        a, b, y = ins[0], ins[3], outs[0].numel
        terms = inner(a, b)
        if y is None or terms is None:
            return None
        return Cost.linear(y, terms) + shifts(ins, (0, 2), (3, 5)) + self.rescaling(outs)


@operator("QLinearConv", since=10)
class QLinearConv(Requantized, Convolving):
    """A Conv of quantised tensors, its result quantised again.

    https://onnx.ai/onnx/operators/onnx__QLinearConv.html
    """

    def outputs(
        self,
        x: Fact,
        x_scale: Fact,
        x_zero_point: Fact,
        w: Fact,
        w_scale: Fact,
        w_zero_point: Fact,
        y_scale: Fact,
        y_zero_point: Fact,
        b: Fact | None = None,
    ) -> list[Fact]:
        shape = self.convolved(x.shape, w.shape, 3)
        if shape is not None:
            vector(b, shape[1], self.node, 8, "bias")
        return [Fact(y_zero_point.dtype, shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A Conv, the shifts by zero points, and the rescaling of every output element."""
        w, y = ins[3], outs[0].numel
        if w is None or w.shape is None or y is None:
            return None
        bias = len(ins) > 8 and ins[8] is not None
        return (
            Cost.linear(y, product(w.shape[1:]), bias=bias)
            + shifts(ins, (0, 2), (3, 5))
            + self.rescaling(outs)
        )
