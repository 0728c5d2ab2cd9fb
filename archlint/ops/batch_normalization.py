"""BatchNormalization at every opset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.ops import affine, attribute
from archlint.ops.agreement import vector
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import Operator, operator
from archlint.symbolic import Dim, fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Fact

ROLES = {1: "scale", 2: "bias", 3: "mean", 4: "variance"}


@operator("BatchNormalization")
class BatchNormalization(Operator):
    """Y = (X - mean) / sqrt(var + epsilon) * scale + B, channel by channel.

    In training (``training_mode`` from opset 14 on, several outputs before) mean and variance are
    those of the batch.

    https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
    """

    numberless = True

    epsilon = attribute.number(1e-5)
    training_mode = attribute.integer(0)
    spatial = attribute.integer(1)

    def outputs(self, x: Fact, scale: Fact, b: Fact, mean: Fact, var: Fact) -> list[Fact]:
        whole = self.opset >= 9 or self.spatial
        if x.shape == ():
            message = "BatchNormalization needs a channel axis, its input is a scalar"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[0]}")
        channels: Dim = fresh() if x.shape is None else x.shape[1] if len(x.shape) > 1 else 1
        if whole:
            for slot, fact in enumerate((scale, b, mean, var), 1):
                channels = vector(fact, channels, self.node, slot, ROLES[slot])
        y = x.of(x.shape)
        if whole and x.shape is not None and len(x.shape) > 1:
            y = x.of((x.shape[0], channels, *x.shape[2:]))
        statistics = mean.of((channels,) if whole else mean.shape)
        return [y, *[statistics] * (2 if self.opset >= 14 else 4)]

    @property
    def training(self) -> bool:
        """True when mean and variance are taken from the batch."""
        named = [n for n in self.node.outputs[1:] if n]
        return bool(self.training_mode) if self.opset >= 14 else bool(named)

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """N scalings, n subtractions of the mean, n additions of the bias, n divisions.

        For each channel one addition of epsilon and one square root. Training adds the batch's mean
        and variance (2n additions, n squares) and the two running averages (4 products and 2 sums
        for each channel).
        """
        y = outs[0]
        if y.shape is None or y.numel is None:
            return None
        n, c = y.numel, y.shape[1] if len(y.shape) > 1 else 1
        cost = Cost(mults=n, adds=2 * n + c, other=n + c)
        if self.training:
            cost = cost + Cost(mults=n + 4 * c, adds=3 * n, other=2 * c)
        return cost

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        x = ins[0]
        rest = [ANY] * (len(outs) - 1)
        if x is None or x.shape is None or len(x.shape) < 2:
            return [ANY, *rest]
        spread = (-1, *(1,) * (len(x.shape) - 2))
        scale, bias, mean, var = (_channels(r, spread) for r in ranges[1:5])
        if self.training:
            count = product((x.shape[0], *x.shape[2:]))
            if not isinstance(count, int):
                return [ANY, *rest]
            reach = max(count - 1, 0) ** 0.5
            y = affine.add(affine.product(Interval(-reach, reach), scale), bias)
            return [*affine.finished([y], ranges, outs), *rest]
        deviation = _inverse_root(var, self.epsilon)
        if deviation is None:
            return [ANY, *rest]
        factor = affine.product(deviation, scale)
        centred = affine.add(ranges[0], affine.scaled(mean, -1.0))
        y = affine.roomier(affine.product(centred, factor), affine.product(mean, factor))
        # runtimes fold the mean into the bias, which rounds it as a number of its own
        return [*affine.finished([affine.add(y, bias)], ranges, outs), *rest]


def _channels(interval: Interval, spread: tuple[int, ...]) -> Interval:
    """A vector of channels laid along the channel axis of the image."""
    import numpy as np

    lo, hi = affine.along(interval, -1)
    return Interval(
        np.reshape(lo, spread) if lo.ndim else lo, np.reshape(hi, spread) if hi.ndim else hi, interval.source
    )


def _inverse_root(var: Interval, epsilon: float) -> Interval | None:
    """``1 / sqrt(var + epsilon)``; None where the variance may be negative beyond epsilon."""
    import numpy as np

    low, high = np.add(var.lo, epsilon), np.add(var.hi, epsilon)
    if not np.all(low > 0):
        return None
    return Interval(1 / np.sqrt(high), 1 / np.sqrt(low), var.source)
