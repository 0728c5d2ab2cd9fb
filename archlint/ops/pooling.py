"""Pooling: one number for each window, channel by channel."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.model import Fact, unknown_dims
from archlint.ops import affine, attribute
from archlint.ops.agreement import dims
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import Operator, operator
from archlint.ops.window import SAME, Windowed
from archlint.symbolic import Dim, fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Shape


class Pool(Windowed):
    """A window that slides over ``[N, C, ...]``; its size is ``kernel_shape``."""

    ceil_mode = attribute.integer(0)
    refuses_small = False

    def pooled(self, x: Shape | None) -> Shape | None:
        """The output's shape; raises `ShapeError` where the window does not fit."""
        kernel = self.kernel()
        if x is None:
            return unknown_dims(2 + len(kernel))
        if len(x) < 3:
            message = f"{self.node.op_type}'s input has {len(x)} axes, it needs at least 3"
            raise ShapeError("window-rank-mismatch", message, subject=f"input {self.node.inputs[0]}")
        sizes = self.spatial(x[2:], kernel, ceil=bool(self.ceil_mode))
        if self.auto_pad in SAME and self.dilations is not None:
            # onnx gives ceil(size / stride); onnxruntime pads as if the window were not dilated
            spread = zip(sizes, kernel, self.dilations, strict=True)
            sizes = tuple(fresh() if k > 1 and d > 1 else size for size, k, d in spread)
        return (*x[:2], *sizes)

    def kernel(self) -> tuple[int, ...]:
        """The window; raises `ShapeError` when it is missing or not positive."""
        kernel = self.kernel_shape
        if not kernel or min(kernel) < 1:
            said = "missing" if not kernel else f"{list(kernel)}"
            message = f"{self.node.op_type}'s kernel_shape is {said}, it needs sizes of at least 1"
            raise ShapeError("attribute-invalid", message, subject="attribute kernel_shape")
        return kernel


@operator("MaxPool")
class MaxPool(Pool):
    """Y[n, c, p] = max over k of X[n, c, s*p + d*k]; optionally the flat index of each maximum.

    https://onnx.ai/onnx/operators/onnx__MaxPool.html
    """

    storage_order = attribute.integer(0)

    def outputs(self, x: Fact) -> list[Fact]:
        shape = self.pooled(x.shape)
        return [x.of(shape), Fact("int64", shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """``window - 1`` comparisons for each output element."""
        y = outs[0].numel
        return None if y is None else Cost(other=y * (product(self.kernel()) - 1))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [channelwise(ranges[0], ins[0]), ANY][: len(outs)]


@operator("NhwcMaxPool", domain="com.microsoft")
class NhwcMaxPool(MaxPool):
    """A MaxPool of ``[N, H, W, C]``.

    https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.NhwcMaxPool
    """

    def outputs(self, x: Fact) -> list[Fact]:
        image = x.shape
        if image is not None and len(image) > 2:
            image = (image[0], image[-1], *image[1:-1])
        shape = self.pooled(image)
        return [x.of(None if shape is None else (shape[0], *shape[2:], shape[1]))]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(ranges[0].least(), ranges[0].greatest(), ranges[0].source)]


@operator("AveragePool")
class AveragePool(Pool):
    """Y[n, c, p] = sum over k of X[n, c, s*p + d*k] / (number of elements in the window).

    ``count_include_pad`` counts the padding as zeros, else the window shrinks at the border.

    https://onnx.ai/onnx/operators/onnx__AveragePool.html
    """

    count_include_pad = attribute.integer(0)

    def outputs(self, x: Fact) -> list[Fact]:
        return [x.of(self.pooled(x.shape))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """``window - 1`` additions and one division for each output element."""
        y = outs[0].numel
        return None if y is None else Cost(adds=y * (product(self.kernel()) - 1), other=y)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        x = channelwise(ranges[0], ins[0])
        zeros = self.count_include_pad and self.padded
        x = affine.hull(x, Interval(0.0, 0.0)) if zeros else x
        return affine.finished([affine.averaged(x, prod(self.kernel()))], ranges, outs)


@operator("LpPool")
class LpPool(Pool):
    """Y[n, c, p] = (sum over k of |X[n, c, s*p + d*k]|^p)^(1/p).

    Before opset 2, ``p`` is a float.

    https://onnx.ai/onnx/operators/onnx__LpPool.html
    """

    p = attribute.number(2)

    def outputs(self, x: Fact) -> list[Fact]:
        return [x.of(self.pooled(x.shape))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each output element ``window`` powers, ``window - 1`` additions and one root."""
        y, window = outs[0].numel, product(self.kernel())
        return None if y is None else Cost(adds=y * (window - 1), other=y * (window + 1))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0)]


class GlobalPool(Operator):
    """One number for each channel: the window is the whole image."""

    def outputs(self, x: Fact) -> list[Fact]:
        if x.shape is None:
            return [x]
        if len(x.shape) < 2:
            message = f"{self.node.op_type}'s input has {len(x.shape)} axes, it needs at least 2"
            raise ShapeError("window-rank-mismatch", message, subject=f"input {self.node.inputs[0]}")
        return [x.of((*x.shape[:2], *(1,) * (len(x.shape) - 2)))]

    def window(self, ins: Sequence[Fact | None]) -> tuple[Dim, Dim] | None:
        """Number of images and elements of each; None when the rank is unknown."""
        x = ins[0]
        if x is None or x.shape is None:
            return None
        return product(x.shape[:2]), product(x.shape[2:])


@operator("GlobalAveragePool")
class GlobalAveragePool(GlobalPool):
    """Y[n, c] = mean of X[n, c, ...].

    https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html
    """

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """``window - 1`` additions and one division for each channel."""
        found = self.window(ins)
        return None if found is None else Cost(adds=found[0] * (found[1] - 1), other=found[0])

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        found = self.window(ins)
        if found is None or not isinstance(found[1], int):
            return [ANY]
        return affine.finished([affine.averaged(channelwise(ranges[0], ins[0]), found[1])], ranges, outs)


@operator("GlobalMaxPool")
class GlobalMaxPool(GlobalPool):
    """Y[n, c] = max of X[n, c, ...].

    https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html
    """

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """``window - 1`` comparisons for each channel."""
        found = self.window(ins)
        return None if found is None else Cost(other=found[0] * (found[1] - 1))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [channelwise(ranges[0], ins[0])]


@operator("GlobalLpPool")
class GlobalLpPool(GlobalPool):
    """Y[n, c] = (sum of |X[n, c, ...]|^p)^(1/p).

    https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html
    """

    p = attribute.number(2)

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each channel ``window`` powers, ``window - 1`` additions and one root."""
        found = self.window(ins)
        if found is None:
            return None
        return Cost(adds=found[0] * (found[1] - 1), other=found[0] * (found[1] + 1))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0)]


@operator("MaxUnpool")
class MaxUnpool(Windowed):
    """Zeros, with each element of X at the place that MaxPool's Indices gave it.

    ``output[i] = (input[i] - 1) * stride[i] + kernel[i] - pads``, or the third input.

    https://onnx.ai/onnx/operators/onnx__MaxUnpool.html
    """

    def outputs(self, x: Fact, indices: Fact, output_shape: Fact | None = None) -> list[Fact]:
        given = None if output_shape is None else output_shape.ints()
        if given is not None:
            return [x.of(given)]
        if output_shape is not None:
            known = output_shape.shape
            rank = known[0] if known else x.rank
            return [x.of(unknown_dims(rank) if isinstance(rank, int) else None)]
        if x.shape is None:
            return [x]
        axes = len(x.shape) - 2
        kernel = self.per_axis("kernel_shape", self.kernel_shape, axes, 1)
        strides = self.positive("strides", self.strides, axes)
        pads = self.per_axis("pads", self.pads, 2 * axes, 0)
        sizes = [
            (x.shape[i + 2] - 1) * strides[i] + kernel[i] - pads[i] - pads[i + axes] for i in range(axes)
        ]
        return [x.of((*x.shape[:2], *sizes))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Moves data: no arithmetic."""
        return Cost()

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        x = channelwise(ranges[0], ins[0])
        return [affine.hull(x, Interval(0.0, 0.0))]


@operator("MaxRoiPool")
class MaxRoiPool(Operator):
    """The maximum of each cell of a ``pooled_shape`` grid laid over each region of interest.

    https://onnx.ai/onnx/operators/onnx__MaxRoiPool.html
    """

    pooled_shape = attribute.integers()
    spatial_scale = attribute.number(1.0)

    def outputs(self, x: Fact, rois: Fact) -> list[Fact]:
        shape = dims(x, 4, self.node, 0)
        regions = dims(rois, 2, self.node, 1)
        grid = self.pooled_shape
        if grid is None or len(grid) != 2:
            message = f"pooled_shape must be two sizes, not {grid}"
            raise ShapeError("attribute-invalid", message, subject="attribute pooled_shape")
        return [x.of((regions[0] if regions else fresh(), shape[1] if shape else fresh(), *grid))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """None: how many elements a cell compares depends on the regions."""
        return None

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [affine.hull(channelwise(ranges[0], ins[0]), Interval(0.0, 0.0))]


def channelwise(interval: Interval, fact: Fact | None) -> Interval:
    """``interval`` of an image, its ends kept apart for each channel but for nothing finer."""
    import numpy as np

    if fact is None or fact.shape is None or len(fact.shape) < 3:
        return Interval(interval.least(), interval.greatest(), interval.source)
    axes = len(fact.shape) - 2
    lo, hi = affine.along(interval, -(axes + 1))
    spread = (-1, *(1,) * axes)
    return Interval(
        np.reshape(lo, spread) if lo.ndim else float(lo),
        np.reshape(hi, spread) if hi.ndim else float(hi),
        interval.source,
    )
