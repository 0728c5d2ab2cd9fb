"""Convolutions that look elsewhere: at learned offsets, or only backwards in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.ops import attribute
from archlint.ops.agreement import agree, dims, vector
from archlint.ops.convolution import Convolving
from archlint.ops.cost import Cost
from archlint.ops.operator import Operator, operator
from archlint.symbolic import fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Fact


@operator("DeformConv", since=19)
class DeformConv(Convolving):
    """A Conv that samples each tap of its window bilinearly at a given offset.

    https://onnx.ai/onnx/operators/onnx__DeformConv.html
    """

    offset_group = attribute.integer(1)

    def outputs(
        self, x: Fact, w: Fact, offset: Fact, b: Fact | None = None, mask: Fact | None = None
    ) -> list[Fact]:
        shape = self.convolved(x.shape, w.shape)
        if shape is not None:
            vector(b, shape[1], self.node, 3, "bias")
        if w.shape is not None:
            taps = self.offset_group * product(w.shape[2:])
            for slot, fact, each in ((2, offset, 2), (4, mask, 1)):
                if fact is not None and fact.shape is not None and len(fact.shape) == len(w.shape):
                    message = f"'{self.node.inputs[slot]}' has {{a}} channels, the window needs {{b}}"
                    agree(fact.shape[1], taps * each, message, subject=f"input {self.node.inputs[slot]}")
        return [x.of(shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """The macs of a Conv, and a bilinear sample for each tap.

        For every offset 2 additions, 4 subtractions, 4 products of weights and 2 roundings; for
        every sampled value 4 products and 3 additions, one more product with a mask.
        """
        x, w, y = ins[0], ins[1], outs[0]
        if x is None or w is None or x.shape is None or w.shape is None or y.shape is None:
            return None
        bias, mask = (len(ins) > i and ins[i] is not None for i in (3, 4))
        places = y.shape[0] * product(w.shape[2:]) * product(y.shape[2:])
        offsets, values = places * self.offset_group, places * x.shape[1]
        sampling = Cost(
            mults=4 * offsets + (4 + mask) * values, adds=6 * offsets + 3 * values, other=2 * offsets
        )
        return Cost.linear(product(y.shape), product(w.shape[1:]), bias=bias) + sampling


@operator("CausalConvWithState", domain="com.microsoft")
@operator("CausalConvWithState", since=27)
class CausalConvWithState(Operator):
    """Y[b, c, t] = sum over k of W[c, 0, k] * X[b, c, t - K + 1 + k] (+ B[c]), X continued by its state.

    https://onnx.ai/onnx/operators/onnx__CausalConvWithState.html
    """

    activation = attribute.text("none")

    def outputs(self, x: Fact, w: Fact, b: Fact | None = None, past: Fact | None = None) -> list[Fact]:
        batch, channels, _ = dims(x, 3, self.node, 0) or (fresh(), fresh(), fresh())
        weight = dims(w, 3, self.node, 1)
        if weight is not None:
            message = "CausalConvWithState expects {b} input channels, gets {a}"
            subject = f"input {self.node.inputs[0]}"
            channels = agree(channels, weight[0], message, kind="conv-channel-mismatch", subject=subject)
        vector(b, channels, self.node, 2, "bias")
        kernel = fresh() if weight is None else weight[2]
        return [x.of(x.shape), x.of((batch, channels, kernel - 1))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """K macs for each output element, a bias adds one; SiLU is a product and a logistic function."""
        n, w = outs[0].numel, ins[1]
        if n is None or w is None or w.shape is None:
            return None
        cost = Cost.linear(n, w.shape[-1], bias=len(ins) > 2 and ins[2] is not None)
        return cost if self.activation in ("none", "") else cost + Cost(mults=n, other=n)


@operator("FusedConv", domain="com.microsoft")
class FusedConv(Convolving):
    """A Conv, a sum with Z, and an activation in one.

    https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.FusedConv
    """

    activation = attribute.text("")

    def outputs(self, x: Fact, w: Fact, b: Fact | None = None, z: Fact | None = None) -> list[Fact]:
        shape = self.convolved(x.shape, w.shape)
        if shape is not None:
            vector(b, shape[1], self.node, 2, "bias")
        if z is not None and z.shape is not None and shape is not None and len(z.shape) != len(shape):
            message = f"FusedConv adds a tensor of {len(z.shape)} axes to one of {len(shape)}"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[3]}")
        return [x.of(shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """As Conv; Z adds one, the activation is one other for each output element."""
        w, y = ins[1], outs[0].numel
        if w is None or w.shape is None or y is None:
            return None
        bias, added = (len(ins) > i and ins[i] is not None for i in (2, 3))
        cost = Cost.linear(y, product(w.shape[1:]), bias=bias)
        return cost + Cost(adds=y if added else 0, other=y if self.activation else 0)


@operator("NhwcConv", domain="com.microsoft")
@operator("NhwcFusedConv", domain="com.microsoft")
class NhwcConv(FusedConv):
    """A Conv of ``[N, H, W, C]`` by ``[M, kH, kW, C/group]``.

    https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.NhwcConv
    """

    def outputs(self, x: Fact, w: Fact, b: Fact | None = None, z: Fact | None = None) -> list[Fact]:
        image, weight = (
            s if s is None or len(s) < 3 else (s[0], s[-1], *s[1:-1]) for s in (x.shape, w.shape)
        )
        shape = self.convolved(image, weight)
        if shape is None:
            return [x.of(None)]
        vector(b, shape[1], self.node, 2, "bias")
        return [x.of((shape[0], *shape[2:], shape[1]))]
