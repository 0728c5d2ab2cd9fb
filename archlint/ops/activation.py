"""Activations: one output element for each input element, mostly monotone.

A transcendental function (exp, tanh, erf, the logistic function) counts as one operation of
``other``; the multiplications and additions around it are counted as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from archlint.errors import ShapeError
from archlint.model import Fact
from archlint.ops import affine, attribute
from archlint.ops.arithmetic import larger
from archlint.ops.content import elementwise
from archlint.ops.cost import Cost
from archlint.ops.interval import Interval
from archlint.ops.operator import Operator, operator
from archlint.ops.ranges import settled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    Array = np.ndarray[Any, Any]


class Activation(Operator):
    """A function of one element; same shape out.

    ``each`` is the work for one element. ``turn`` is None for an increasing function; else the
    point left of which it falls and right of which it rises. ``image`` holds every value,
    ``slack`` is the absolute error of the approximations that runtimes compute.
    """

    each: ClassVar[Cost] = Cost(other=1)
    turn: ClassVar[float | None] = None
    image: ClassVar[tuple[float, float]] = (float("-inf"), float("inf"))
    slack: ClassVar[float] = 0.0

    def outputs(self, x: Fact) -> list[Fact]:
        return [x.of(x.shape)]

    def work(self) -> Cost:
        """Operations for one element."""
        return self.each

    def at(self, x: Array) -> Array:
        """The function itself, in double precision."""
        raise NotImplementedError

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """The work of one element times the number of elements."""
        n = outs[0].numel
        return None if n is None else self.work().times(n)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        import numpy as np

        x = ranges[0]
        lo, hi = np.asarray(x.lo, dtype=np.float64), np.asarray(x.hi, dtype=np.float64)
        with np.errstate(all="ignore"):
            a, b = self.at(lo), self.at(hi)
            low, high = np.minimum(a, b), np.maximum(a, b)
            if self.turn is not None:
                bottom = self.at(np.asarray(self.turn))
                low = np.where((lo <= self.turn) & (self.turn <= hi), np.minimum(low, bottom), low)
        found = settled(low, high, outs[0].dtype, ranges, ulps=8)
        least, most = self.image
        low, high = np.subtract(found.lo, self.slack), np.add(found.hi, self.slack)
        return [Interval(np.maximum(low, least), np.minimum(high, most), x.source)]


@operator("Relu")
class Relu(Activation):
    """max(x, 0): the negative half is clipped away.

    https://onnx.ai/onnx/operators/onnx__Relu.html
    """

    image = (0.0, float("inf"))

    def outputs(self, x: Fact) -> list[Fact]:
        if x.content is None:
            return [x.of(x.shape)]
        return [Fact(x.dtype, x.shape, elementwise(lambda v: larger(v, 0), [x], x.shape, x.dtype))]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        """Exact: nothing is rounded."""
        x = ranges[0]
        if isinstance(x.lo, float) and isinstance(x.hi, float):
            return [Interval(max(x.lo, 0.0), max(x.hi, 0.0), x.source)]
        import numpy as np

        return [Interval(np.maximum(x.lo, 0.0), np.maximum(x.hi, 0.0), x.source)]

    def at(self, x: Array) -> Array:
        import numpy as np

        return np.maximum(x, 0.0)


@operator("LeakyRelu")
class LeakyRelu(Activation):
    """x where x >= 0, alpha * x below.

    https://onnx.ai/onnx/operators/onnx__LeakyRelu.html
    """

    each = Cost(mults=1, other=1)
    alpha = attribute.number(0.01)

    def at(self, x: Array) -> Array:
        import numpy as np

        return np.where(x >= 0, x, np.where(x == 0, 0.0, self.alpha * x))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        (y,) = super().bounds(ranges, ins, outs)
        if self.alpha >= 0:
            return [y]
        import numpy as np

        crosses = (np.asarray(ranges[0].lo) <= 0) & (np.asarray(ranges[0].hi) >= 0)
        return [Interval(np.where(crosses, np.minimum(y.lo, 0.0), y.lo), y.hi, y.source)]


@operator("PRelu")
class PRelu(Operator):
    """x where x >= 0, slope * x below; the slope broadcasts to x.

    Before opset 7 the slope is one number, or one for each channel.

    https://onnx.ai/onnx/operators/onnx__PRelu.html
    """

    def outputs(self, x: Fact, slope: Fact) -> list[Fact]:
        if x.shape is not None and slope.shape is not None:
            self._check(x.shape, slope.shape)
        return [x.of(x.shape)]

    def _check(self, x: Sequence[object], slope: Sequence[object]) -> None:
        if self.opset < 7 and len(slope) == 1 and len(x) > 1:
            pairs = [(x[1], slope[0])]
        else:
            pairs = list(zip(reversed(x), reversed(slope), strict=False))
            if len(slope) > len(x):
                pairs.append((0, 2))
        if any(isinstance(a, int) and isinstance(b, int) and b not in (1, a) for a, b in pairs):
            shown = [" x ".join(str(d) for d in dims) for dims in (slope, x)]
            message = f"PRelu's slope is {shown[0]}, it does not broadcast to {shown[1]}"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[1]}")

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One multiplication and one comparison for each element."""
        n = outs[0].numel
        return None if n is None else Cost(mults=n, other=n)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        import numpy as np

        x = ranges[0]
        slope = Interval(ranges[1].least(), ranges[1].greatest(), ranges[1].source)
        negative = affine.product(Interval(np.minimum(x.lo, 0.0), np.minimum(x.hi, 0.0), x.source), slope)
        positive = Interval(np.maximum(x.lo, 0.0), np.maximum(x.hi, 0.0), x.source)
        return affine.finished([affine.hull(negative, positive)], ranges, outs)


@operator("Sigmoid")
class Sigmoid(Activation):
    """1 / (1 + exp(-x)): between 0 and 1.

    https://onnx.ai/onnx/operators/onnx__Sigmoid.html
    """

    slack = 1e-6
    image = (0.0, 1.0)

    def at(self, x: Array) -> Array:
        return sigmoid(x)


def sigmoid(x: Array) -> Array:
    """The logistic function, without overflow."""
    import numpy as np

    e = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0 / (1.0 + e), e / (1.0 + e)))


@operator("Tanh")
class Tanh(Activation):
    """The hyperbolic tangent: between -1 and 1.

    https://onnx.ai/onnx/operators/onnx__Tanh.html
    """

    slack = 1e-6
    image = (-1.0 - affine.ROUNDING, 1.0 + affine.ROUNDING)

    def at(self, x: Array) -> Array:
        import numpy as np

        return np.asarray(np.tanh(x))


@operator("HardSigmoid")
class HardSigmoid(Activation):
    """max(0, min(1, alpha * x + beta)).

    https://onnx.ai/onnx/operators/onnx__HardSigmoid.html
    """

    image = (0.0, 1.0)
    slack = 1e-6

    each = Cost(mults=1, adds=1, other=2)
    alpha = attribute.number(0.2)
    beta = attribute.number(0.5)

    def at(self, x: Array) -> Array:
        import numpy as np

        return np.clip(self.alpha * x + self.beta, 0.0, 1.0)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        if self.alpha == 0:
            return [Interval(0.0, 1.0, ranges[0].source)]
        return super().bounds(ranges, ins, outs)


@operator("HardSwish")
class HardSwish(Activation):
    """x * max(0, min(1, x/6 + 1/2)).

    https://onnx.ai/onnx/operators/onnx__HardSwish.html
    """

    each = Cost(mults=2, adds=1, other=2)
    turn = -1.5

    def at(self, x: Array) -> Array:
        import numpy as np

        return np.where(x <= -3, 0.0, x * np.clip(x / 6 + 0.5, 0.0, 1.0))


@operator("Elu")
class Elu(Activation):
    """x where x >= 0, alpha * (exp(x) - 1) below.

    https://onnx.ai/onnx/operators/onnx__Elu.html
    """

    slack = 1e-6

    each = Cost(mults=1, adds=1, other=2)
    alpha = attribute.number(1.0)
    gamma: ClassVar[Any] = 1.0

    def at(self, x: Array) -> Array:
        import numpy as np

        return np.asarray(self.gamma * np.where(x >= 0, x, self.alpha * np.expm1(np.minimum(x, 0.0))))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        (y,) = super().bounds(ranges, ins, outs)
        if self.alpha >= 0 and self.gamma >= 0:
            return [y]
        return [Interval()]


@operator("Selu")
class Selu(Elu):
    """gamma * x where x >= 0, gamma * alpha * (exp(x) - 1) below.

    https://onnx.ai/onnx/operators/onnx__Selu.html
    """

    each = Cost(mults=2, adds=1, other=2)
    alpha = attribute.number(1.67326319217681884765625)
    gamma = attribute.number(1.05070102214813232421875)


@operator("Celu")
class Celu(Activation):
    """max(0, x) + min(0, alpha * (exp(x / alpha) - 1)).

    https://onnx.ai/onnx/operators/onnx__Celu.html
    """

    slack = 1e-6

    each = Cost(mults=1, adds=2, other=4)
    alpha = attribute.number(1.0)

    def at(self, x: Array) -> Array:
        import numpy as np

        return np.maximum(x, 0.0) + np.minimum(0.0, self.alpha * np.expm1(x / self.alpha))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return super().bounds(ranges, ins, outs) if self.alpha > 0 else [Interval()]


@operator("Softplus")
class Softplus(Activation):
    """ln(1 + exp(x)).

    https://onnx.ai/onnx/operators/onnx__Softplus.html
    """

    slack = 1e-6
    image = (0.0, float("inf"))

    each = Cost(adds=1, other=2)

    def at(self, x: Array) -> Array:
        import numpy as np

        return np.asarray(np.logaddexp(x, 0.0))


@operator("Softsign")
class Softsign(Activation):
    """x / (1 + |x|).

    https://onnx.ai/onnx/operators/onnx__Softsign.html
    """

    image = (-1.0, 1.0)

    each = Cost(adds=1, other=2)

    def at(self, x: Array) -> Array:
        import numpy as np

        return np.where(np.isinf(x), np.sign(x), x / (1 + np.abs(x)))


@operator("ThresholdedRelu")
class ThresholdedRelu(Activation):
    """x where x > alpha, else 0.

    https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html
    """

    alpha = attribute.number(1.0)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [affine.hull(ranges[0], Interval(0.0, 0.0))]


@operator("Shrink")
class Shrink(Activation):
    """x + bias where x < -lambd, x - bias where x > lambd, else 0.

    https://onnx.ai/onnx/operators/onnx__Shrink.html
    """

    each = Cost(adds=1, other=2)
    bias = attribute.number(0.0)
    lambd = attribute.number(0.5)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        reach = abs(self.bias)
        shifted = affine.add(ranges[0], Interval(-reach, reach))
        return affine.finished([affine.hull(shifted, Interval(0.0, 0.0))], ranges, outs)
