"""onnxruntime's quantised forms of element-wise operators, pools and joins.

https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.model import Fact, unknown_dims
from archlint.ops import attribute
from archlint.ops.cost import Cost
from archlint.ops.operator import Operator, operator
from archlint.ops.pooling import Pool
from archlint.ops.product import batch_shape
from archlint.ops.quantization import MICROSOFT
from archlint.ops.quantized_product import QLinearConv as PlainQLinearConv
from archlint.ops.quantized_product import Requantized, shifts
from archlint.symbolic import Dim, fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Shape


def dequantised(*facts: Fact | None) -> Cost:
    """One product and one subtraction for each element brought back to real numbers."""
    total = Cost()
    for fact in facts:
        n = fact.numel if fact is not None else None
        count: Dim = fresh() if n is None else n
        total = total + Cost(mults=count, adds=count)
    return total


class QuantizedBinary(Requantized):
    """An element-wise operator of two quantised tensors that broadcast."""

    each = Cost(adds=1)

    def outputs(
        self,
        a: Fact,
        a_scale: Fact,
        a_zero_point: Fact | None,
        b: Fact,
        b_scale: Fact,
        b_zero_point: Fact | None,
        c_scale: Fact,
        c_zero_point: Fact | None = None,
    ) -> list[Fact]:
        if a.shape is None or b.shape is None:
            return [a.of(None)]
        return [a.of(batch_shape(a.shape, b.shape, self.node))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Both inputs dequantised, one operation for each output element, and its rescaling."""
        n = outs[0].numel
        return None if n is None else dequantised(ins[0], ins[3]) + self.each.times(n) + self.rescaling(outs)


@operator("QLinearAdd", domain=MICROSOFT)
class QLinearAdd(QuantizedBinary):
    """A + B of quantised tensors."""


@operator("QLinearMul", domain=MICROSOFT)
class QLinearMul(QuantizedBinary):
    """A * B of quantised tensors."""

    each = Cost(mults=1)


class QuantizedUnary(Requantized):
    """A function of one quantised element."""

    each = Cost(other=1)

    def outputs(
        self,
        x: Fact,
        x_scale: Fact,
        x_zero_point: Fact | None,
        y_scale: Fact,
        y_zero_point: Fact | None = None,
    ) -> list[Fact]:
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """The input dequantised, the function of each element, and its rescaling."""
        n = outs[0].numel
        return None if n is None else dequantised(ins[0]) + self.each.times(n) + self.rescaling(outs)


@operator("QLinearSigmoid", domain=MICROSOFT)
class QLinearSigmoid(QuantizedUnary):
    """1 / (1 + exp(-x)) of a quantised tensor."""


@operator("QLinearLeakyRelu", domain=MICROSOFT)
class QLinearLeakyRelu(QuantizedUnary):
    """x where x >= 0, alpha * x below, of a quantised tensor."""

    each = Cost(mults=1, other=1)


@operator("QLinearSoftmax", domain=MICROSOFT)
class QLinearSoftmax(QuantizedUnary):
    """exp(x) / sum of exp(x) of a quantised tensor."""

    each = Cost(adds=1, other=2)


@operator("QLinearWhere", domain=MICROSOFT)
class QLinearWhere(Requantized):
    """X where the condition holds, else Y, on the scale of Z."""

    def outputs(
        self,
        condition: Fact,
        x: Fact,
        x_scale: Fact,
        x_zero_point: Fact,
        y: Fact,
        y_scale: Fact,
        y_zero_point: Fact,
        z_scale: Fact,
        z_zero_point: Fact,
    ) -> list[Fact]:
        if condition.shape is None or x.shape is None or y.shape is None:
            return [x.of(None)]
        return [x.of(batch_shape(batch_shape(condition.shape, x.shape, self.node), y.shape, self.node))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Both inputs dequantised, one choice for each output element, and its rescaling."""
        n = outs[0].numel
        return None if n is None else dequantised(ins[1], ins[4]) + Cost(other=n) + self.rescaling(outs)


@operator("QLinearConcat", domain=MICROSOFT)
class QLinearConcat(Requantized):
    """Quantised tensors joined along an axis on one scale; inputs come as (tensor, scale, zero point)."""

    axis = attribute.integer(0)

    def outputs(self, y_scale: Fact, y_zero_point: Fact, *inputs: Fact) -> list[Fact]:
        tensors = inputs[::3]
        if not tensors or any(t is None or t.shape is None for t in tensors):
            known = next((t.shape for t in tensors if t is not None and t.shape is not None), None)
            return [Fact(y_zero_point.dtype, None if known is None else unknown_dims(len(known)))]
        shapes = [t.shape for t in tensors if t.shape is not None]
        rank = len(shapes[0])
        if any(len(s) != rank for s in shapes) or not -rank <= self.axis < rank:
            message = (
                f"QLinearConcat cannot join tensors of {[len(s) for s in shapes]} axes on axis {self.axis}"
            )
            raise ShapeError("shape-mismatch", message, subject="attribute axis")
        at = self.axis % rank
        joined: list[Dim] = []
        for i in range(rank):
            sizes = [s[i] for s in shapes]
            numbers = {d for d in sizes if isinstance(d, int)}
            if i == at:
                joined.append(sum(sizes[1:], sizes[0]))
            elif len(numbers) > 1:
                message = f"QLinearConcat joins sizes {sorted(numbers)} on axis {i}"
                raise ShapeError("shape-mismatch", message, subject="attribute axis")
            else:
                joined.append(next(iter(numbers)) if numbers else sizes[0])
        return [Fact(y_zero_point.dtype, tuple(joined))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Every input dequantised, and the rescaling of every output element."""
        return None if outs[0].numel is None else dequantised(*ins[2::3]) + self.rescaling(outs)


@operator("QLinearAveragePool", domain=MICROSOFT)
class QLinearAveragePool(Pool, Requantized):
    """An AveragePool of a quantised tensor; ``channels_last`` puts the channels behind the image."""

    channels_last = attribute.integer(0)

    def outputs(
        self,
        x: Fact,
        x_scale: Fact,
        x_zero_point: Fact | None,
        y_scale: Fact,
        y_zero_point: Fact | None = None,
    ) -> list[Fact]:
        shape = x.shape
        if shape is not None and self.channels_last and len(shape) > 2:
            shape = (shape[0], shape[-1], *shape[1:-1])
        pooled = self.pooled(shape)
        if pooled is not None and self.channels_last:
            pooled = (pooled[0], *pooled[2:], pooled[1])
        return [x.of(pooled)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """``window - 1`` additions and one division for each output element, and its rescaling."""
        y = outs[0].numel
        if y is None:
            return None
        return Cost(adds=y * (product(self.kernel()) - 1), other=y) + self.rescaling(outs)

    bounds = Requantized.bounds


@operator("QLinearGlobalAveragePool", domain=MICROSOFT)
class QLinearGlobalAveragePool(Requantized):
    """The mean of each channel of a quantised tensor."""

    channels_last = attribute.integer(0)

    def outputs(
        self, x: Fact, x_scale: Fact, x_zero_point: Fact, y_scale: Fact, y_zero_point: Fact
    ) -> list[Fact]:
        if x.shape is None or len(x.shape) < 3:
            return [x.of(None)]
        ones = (1,) * (len(x.shape) - 2)
        pooled = (x.shape[0], *ones, x.shape[-1]) if self.channels_last else (*x.shape[:2], *ones)
        return [x.of(pooled)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """``window - 1`` additions and one division for each channel, and its rescaling."""
        x, y = ins[0], outs[0].numel
        if x is None or x.numel is None or y is None:
            return None
        return Cost(adds=x.numel - y, other=y) + self.rescaling(outs)


@operator("QLinearReduceMean", domain=MICROSOFT)
class QLinearReduceMean(Requantized):
    """The mean of a quantised tensor over ``axes``."""

    axes = attribute.integers()
    keepdims = attribute.integer(1)

    def outputs(
        self,
        x: Fact,
        x_scale: Fact,
        x_zero_point: Fact | None,
        y_scale: Fact,
        y_zero_point: Fact | None = None,
    ) -> list[Fact]:
        if x.shape is None:
            return [x.of(None)]
        rank = len(x.shape)
        over = {a % rank for a in self.axes} if self.axes and rank else set(range(rank))
        if self.keepdims:
            return [x.of(tuple(1 if i in over else d for i, d in enumerate(x.shape)))]
        return [x.of(tuple(d for i, d in enumerate(x.shape) if i not in over))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A sum over the axes and one division for each output element, and its rescaling."""
        x, y = ins[0], outs[0].numel
        if x is None or x.numel is None or y is None:
            return None
        return Cost(adds=x.numel - y, other=y) + self.rescaling(outs)


@operator("QLinearConv", domain=MICROSOFT)
class QLinearConv(PlainQLinearConv):
    """A Conv of quantised tensors; ``channels_last`` puts the channels of X and Y behind the image."""

    channels_last = attribute.integer(0)

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
        image = x.shape
        if image is not None and self.channels_last and len(image) > 2:
            image = (image[0], image[-1], *image[1:-1])
        shape: Shape | None = self.convolved(image, w.shape, 3)
        if shape is not None and self.channels_last:
            shape = (shape[0], *shape[2:], shape[1])
        return [Fact(y_zero_point.dtype, shape)]


@operator("MulInteger", domain=MICROSOFT)
class MulInteger(Operator):
    """(A - a_zero_point) * (B - b_zero_point) in int32."""

    def outputs(
        self, a: Fact, a_zero_point: Fact | None, b: Fact, b_zero_point: Fact | None = None
    ) -> list[Fact]:
        if a.shape is None or b.shape is None:
            return [Fact("int32")]
        return [Fact("int32", batch_shape(a.shape, b.shape, self.node))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One product for each output element, and the shifts by zero points."""
        n = outs[0].numel
        return None if n is None else Cost(mults=n) + shifts(ins, (0, 1), (2, 3))
