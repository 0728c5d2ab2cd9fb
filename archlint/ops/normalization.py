"""Normalisations by statistics of the sample itself: layer, instance, group, RMS, Lp, LRN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.model import Fact
from archlint.ops import affine, attribute
from archlint.ops.agreement import vector
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import Operator, operator
from archlint.symbolic import Dim, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Shape


def standardised(n: Dim, rows: Dim, *, scale: bool = True, bias: bool = True) -> Cost:
    """Work of ``(x - mean) / sqrt(var + eps)`` over ``rows`` groups of n elements altogether.

    Mean: n - rows sums and a division each; deviations: n subtractions; variance: n squares,
    n - rows sums, a division each; epsilon, root and reciprocal once for each row; n products with
    it, n with the scale, n sums with the bias.
    """
    mults = n * (2 + scale)
    adds = 3 * n - 2 * rows + rows + (n if bias else 0)
    return Cost(mults=mults, adds=adds, other=4 * rows)


def rescaled(reach: Interval, scale: Interval | None, bias: Interval | None) -> Interval:
    """``reach * scale + bias``."""
    # the statistics round too: a few more digits of room than the products
    reach = Interval(reach.least() * (1 + 1e-5), reach.greatest() * (1 + 1e-5))
    y = reach if scale is None else affine.product(reach, scale)
    return y if bias is None else affine.add(y, bias)


def axis_of(axis: int, rank: int) -> int:
    """``axis`` counted from the front; raises `ShapeError` for one that does not exist."""
    if not -rank <= axis < rank:
        message = f"axis {axis} does not exist in a tensor of {rank} axes"
        raise ShapeError("axis-out-of-range", message, subject="attribute axis")
    return axis % rank


class OverLastAxes(Operator):
    """A normalisation over every axis from ``axis`` on."""

    axis = attribute.integer(-1)
    epsilon = attribute.number(1e-5)
    stash_type = attribute.integer(1)

    def split(self, x: Fact | None) -> tuple[Shape, Shape] | None:
        """Dims before ``axis`` and from it on; None when the rank is unknown."""
        if x is None or x.shape is None:
            return None
        at = axis_of(self.axis, len(x.shape))
        return x.shape[:at], x.shape[at:]

    def check_scale(self, x: Fact, scale: Fact | None, slot: int) -> None:
        """Raise when the scale or bias does not broadcast to the normalised axes."""
        if x.shape is None or scale is None or scale.shape is None:
            return
        pairs = zip(reversed(x.shape), reversed(scale.shape), strict=False)
        clash = any(isinstance(a, int) and isinstance(b, int) and b not in (1, a) for a, b in pairs)
        if clash or len(scale.shape) > len(x.shape):
            shown = [" x ".join(str(d) for d in dims) for dims in (scale.shape, x.shape)]
            name = self.node.inputs[slot]
            message = f"{self.node.op_type}'s '{name}' is {shown[0]}, it does not broadcast to {shown[1]}"
            raise ShapeError("shape-mismatch", message, subject=f"input {name}")

    def sizes(self, x: Fact | None) -> tuple[Dim, Dim] | None:
        """Number of elements and of groups."""
        parts = self.split(x)
        return None if parts is None else (product((*parts[0], *parts[1])), product(parts[0]))


@operator("LayerNormalization")
class LayerNormalization(OverLastAxes):
    """(x - mean) / sqrt(var + epsilon) * scale + bias over the last axes.

    https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
    """

    numberless = True

    def outputs(self, x: Fact, scale: Fact, bias: Fact | None = None) -> list[Fact]:
        self.check_scale(x, scale, 1)
        self.check_scale(x, bias, 2)
        parts = self.split(x)
        if parts is None:
            return [x.of(None), Fact("float32"), Fact("float32")]
        kept = (*parts[0], *(1,) * len(parts[1]))
        return [x.of(x.shape), Fact("float32", kept), Fact("float32", kept)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """3n products, 4n - rows additions (3n - rows without bias), 4 others for each row."""
        sizes = self.sizes(ins[0])
        return None if sizes is None else standardised(*sizes, bias=len(ins) > 2 and ins[2] is not None)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        parts = self.split(ins[0])
        d = None if parts is None else product(parts[1])
        rest = [ANY] * (len(outs) - 1)
        if not isinstance(d, int):
            return [ANY, *rest]
        reach = max(d - 1, 0) ** 0.5
        bias = ranges[2] if len(ins) > 2 and ins[2] is not None else None
        y = rescaled(Interval(-reach, reach), ranges[1], bias)
        return [*affine.finished([y], ranges, outs), *rest]


@operator("RMSNormalization")
class RMSNormalization(OverLastAxes):
    """x / sqrt(mean(x^2) + epsilon) * scale over the last axes.

    https://onnx.ai/onnx/operators/onnx__RMSNormalization.html
    """

    numberless = True

    def outputs(self, x: Fact, scale: Fact) -> list[Fact]:
        self.check_scale(x, scale, 1)
        self.split(x)
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """3n products, n additions, and for each row a division, a root and a reciprocal."""
        sizes = self.sizes(ins[0])
        return None if sizes is None else Cost(mults=3 * sizes[0], adds=sizes[0], other=3 * sizes[1])

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        parts = self.split(ins[0])
        d = None if parts is None else product(parts[1])
        if not isinstance(d, int):
            return [ANY]
        reach = max(d, 0) ** 0.5
        y = rescaled(Interval(-reach, reach), ranges[1], None)
        return affine.finished([y], ranges, outs)


@operator("InstanceNormalization")
class InstanceNormalization(Operator):
    """(x - mean) / sqrt(var + epsilon) * scale + bias, statistics over each image and channel.

    https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html
    """

    numberless = True

    epsilon = attribute.number(1e-5)

    def outputs(self, x: Fact, scale: Fact, bias: Fact) -> list[Fact]:
        if x.shape is not None:
            if len(x.shape) < 3:
                message = f"InstanceNormalization needs at least 3 axes, its input has {len(x.shape)}"
                raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[0]}")
            vector(scale, x.shape[1], self.node, 1, "scale")
            vector(bias, x.shape[1], self.node, 2, "bias")
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """3n products, 4n - rows additions, 4 others for each of the N*C rows."""
        x = outs[0]
        return None if x.shape is None else standardised(product(x.shape), product(x.shape[:2]))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        x = outs[0]
        d = None if x.shape is None else product(x.shape[2:])
        if x.shape is None or not isinstance(d, int):
            return [ANY]
        reach = max(d - 1, 0) ** 0.5
        scale, bias = (per_channel(r, len(x.shape)) for r in ranges[1:3])
        return affine.finished([rescaled(Interval(-reach, reach), scale, bias)], ranges, outs)


def per_channel(vector: Interval, rank: int) -> Interval:
    """A vector of channels as it lies along axis 1 of a tensor with ``rank`` axes."""
    import numpy as np

    lo, hi = affine.along(vector, -1)
    spread = (-1, *(1,) * (rank - 2))
    return Interval(np.reshape(lo, spread), np.reshape(hi, spread), vector.source)


@operator("GroupNormalization", since=18)
class GroupNormalization(Operator):
    """(x - mean) / sqrt(var + epsilon) * scale + bias, statistics over each group of channels.

    Scale and bias have one element for each group at opset 18, for each channel from 21 on.

    https://onnx.ai/onnx/operators/onnx__GroupNormalization.html
    """

    numberless = True

    epsilon = attribute.number(1e-5)
    num_groups = attribute.integer(1)

    def outputs(self, x: Fact, scale: Fact, bias: Fact) -> list[Fact]:
        groups = self.num_groups
        if groups < 1:
            message = f"num_groups is {groups}, it must be at least 1"
            raise ShapeError("attribute-invalid", message, subject="attribute num_groups")
        if x.shape is not None and len(x.shape) > 1:
            channels = x.shape[1]
            if isinstance(channels, int) and channels % groups:
                message = f"num_groups {groups} does not divide the {channels} channels"
                raise ShapeError("group-not-dividing", message, subject="attribute num_groups")
            size = groups if self.opset < 21 else channels
            vector(scale, size, self.node, 1, "scale")
            vector(bias, size, self.node, 2, "bias")
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """3n products, 4n - rows additions, 4 others for each of the N*num_groups rows."""
        x = outs[0]
        return None if not x.shape else standardised(product(x.shape), x.shape[0] * self.num_groups)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        x = outs[0]
        d = None if x.shape is None or len(x.shape) < 2 else product(x.shape[1:])
        if not isinstance(d, int):
            return [ANY]
        reach = max(d // self.num_groups - 1, 0) ** 0.5
        parts = [Interval(r.least(), r.greatest(), r.source) for r in ranges[1:3]]
        return affine.finished([rescaled(Interval(-reach, reach), *parts)], ranges, outs)


@operator("MeanVarianceNormalization", since=9)
class MeanVarianceNormalization(Operator):
    """(x - mean) / sqrt(var) over ``axes``, by default all but the channels.

    https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html
    """

    axes = attribute.integers()

    def outputs(self, x: Fact) -> list[Fact]:
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Means of x and of x^2 (2n sums, n squares), n subtractions, n divisions by the deviation."""
        x = outs[0]
        if x.shape is None:
            return None
        axes = (0, 2, 3) if self.axes is None else self.axes
        over = {a % max(len(x.shape), 1) for a in axes}
        n, rows = product(x.shape), product(d for i, d in enumerate(x.shape) if i not in over)
        return Cost(mults=n + 2 * rows, adds=3 * n - rows + rows, other=n + 3 * rows)


@operator("LpNormalization")
class LpNormalization(Operator):
    """x / ||x||_p along an axis, p = 1 or 2.

    https://onnx.ai/onnx/operators/onnx__LpNormalization.html
    """

    axis = attribute.integer(-1)
    p = attribute.integer(2)

    def outputs(self, x: Fact) -> list[Fact]:
        if self.p not in (1, 2):
            message = f"p is {self.p}, LpNormalization knows 1 and 2"
            raise ShapeError("attribute-invalid", message, subject="attribute p")
        if x.shape:
            axis_of(self.axis, len(x.shape))
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """N squares (p = 2) or absolute values, k - 1 sums and a root for each row, n divisions."""
        x = outs[0]
        if not x.shape:
            return None
        at = axis_of(self.axis, len(x.shape))
        n, rows = product(x.shape), product((*x.shape[:at], *x.shape[at + 1 :]))
        if self.p == 1:
            return Cost(adds=n - rows, other=2 * n)
        return Cost(mults=n, adds=n - rows, other=n + rows)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(-1.00001, 1.00001)]


@operator("LRN")
class LRN(Operator):
    """x / (bias + alpha/size * sum of squares over ``size`` neighbouring channels)^beta.

    https://onnx.ai/onnx/operators/onnx__LRN.html
    """

    alpha = attribute.number(1e-4)
    beta = attribute.number(0.75)
    bias = attribute.number(1.0)
    size = attribute.integer(1)

    def outputs(self, x: Fact) -> list[Fact]:
        if self.size < 1:
            message = f"size is {self.size}, it must be at least 1"
            raise ShapeError("attribute-invalid", message, subject="attribute size")
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """N squares, (size - 1)n sums, n products with alpha/size, n sums, n powers, n divisions.

        The window counts whole at the first and last channels.
        """
        n = outs[0].numel
        return None if n is None else Cost(mults=2 * n, adds=n * self.size, other=2 * n)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        if self.bias <= 0 or self.alpha < 0 or self.beta < 0:
            return [ANY]
        shrunk = affine.scaled(ranges[0], self.bias**-self.beta)
        return affine.finished([affine.hull(shrunk, Interval(0.0, 0.0))], ranges, outs)
