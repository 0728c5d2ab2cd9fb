"""Gated activations: x times a gate that opens from 0 to 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.ops import affine, attribute
from archlint.ops.activation import Activation
from archlint.ops.agreement import agree
from archlint.ops.cost import Cost
from archlint.ops.interval import Interval
from archlint.ops.operator import Operator, operator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Fact


@operator("Gelu")
class Gelu(Activation):
    """x * (1 + erf(x / sqrt 2)) / 2, or its tanh approximation.

    The approximation is ``x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))``.

    https://onnx.ai/onnx/operators/onnx__Gelu.html
    """

    approximate = attribute.choice("none", "tanh")

    def work(self) -> Cost:
        """Exact: 2 products, 1 sum, a division and erf; tanh: 6 products, 2 sums, tanh."""
        return (
            Cost(mults=6, adds=2, other=1) if self.approximate == "tanh" else Cost(mults=2, adds=1, other=2)
        )

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [gated(ranges[0], 0.171)]


@operator("Swish")
class Swish(Activation):
    """x * sigmoid(alpha * x).

    https://onnx.ai/onnx/operators/onnx__Swish.html
    """

    alpha = attribute.number(1.0)

    def work(self) -> Cost:
        """A product and a logistic function; another product when alpha is not 1."""
        return Cost(mults=1 + (self.alpha != 1), other=1)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [gated(ranges[0], 0.279 / self.alpha)] if self.alpha > 0 else [Interval()]


@operator("Mish")
class Mish(Activation):
    """x * tanh(ln(1 + exp(x))).

    https://onnx.ai/onnx/operators/onnx__Mish.html
    """

    each = Cost(mults=1, adds=1, other=3)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [gated(ranges[0], 0.309)]


def gated(x: Interval, dip: float) -> Interval:
    """Values of ``x * g(x)`` for an increasing gate from 0 to 1 whose product is never below -dip."""
    import numpy as np

    low = np.maximum(np.minimum(x.lo, 0.0), -dip) * (1 + 1e-6)
    # a gate that a runtime approximates may miss 0 by a rounding, times x
    high = np.maximum(x.hi, 0.0) + affine.reach(x) * affine.ROUNDING
    return Interval(low, high, x.source)


@operator("SwiGLU", since=28)
class SwiGLU(Operator):
    """a * sigmoid(alpha * a) * b.

    https://onnx.ai/onnx/operators/onnx__SwiGLU.html
    """

    alpha = attribute.number(1.0)

    def outputs(self, a: Fact, b: Fact) -> list[Fact]:
        if a.shape is None or b.shape is None:
            return [a.of(a.shape if b.shape is None else b.shape)]
        if len(a.shape) != len(b.shape):
            message = f"SwiGLU's gate has {len(a.shape)} axes, its value {len(b.shape)}"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[1]}")
        subject = f"input {self.node.inputs[1]}"
        pairs = zip(a.shape, b.shape, strict=True)
        message = "SwiGLU multiplies an axis of {a} by one of {b}"
        return [a.of(tuple(agree(p, q, message, subject=subject) for p, q in pairs))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Two products and a logistic function; another product when alpha is not 1."""
        n = outs[0].numel
        return None if n is None else Cost(mults=(2 + (self.alpha != 1)) * n, other=n)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        if self.alpha <= 0:
            return [Interval()]
        found = affine.product(gated(ranges[0], 0.279 / self.alpha), ranges[1])
        return affine.finished([found], ranges, outs)
