"""Sampling of images: grids, regions, boxes, columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.model import Fact, unknown_dims
from archlint.ops import affine, attribute
from archlint.ops.agreement import agree, dims
from archlint.ops.cost import FREE, Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import Operator, operator
from archlint.ops.window import Windowed
from archlint.symbolic import Dim, floordiv, fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence


@operator("GridSample", domain="com.microsoft")
@operator("GridSample", since=16)
class GridSample(Operator):
    """X read at the points of a grid with coordinates in [-1, 1].

    https://onnx.ai/onnx/operators/onnx__GridSample.html
    """

    mode = attribute.text("linear")
    padding_mode = attribute.text("zeros")

    def outputs(self, x: Fact, grid: Fact) -> list[Fact]:
        if grid.shape is None or (x.shape is None and len(grid.shape) < 3):
            return [x.of(None if x.shape is None else (*x.shape[:2], *unknown_dims(len(x.shape) - 2)))]
        if x.shape is None:
            return [x.of((grid.shape[0], fresh(), *grid.shape[1:-1]))]
        if len(x.shape) != len(grid.shape) or len(x.shape) < 3:
            message = f"GridSample's input has {len(x.shape)} axes, its grid {len(grid.shape)}"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[1]}")
        subject = f"input {self.node.inputs[1]}"
        message = "GridSample's points have {a} coordinates, the image has {b} axes"
        agree(grid.shape[-1], len(x.shape) - 2, message, subject=subject)
        batch = agree(
            x.shape[0], grid.shape[0], "GridSample's image has batch {a}, its grid {b}", subject=subject
        )
        return [x.of((batch, x.shape[1], *grid.shape[1:-1]))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each point and axis a product, a sum and a floor; for each value t products, t - 1 sums.

        t = 1 (nearest), 2^d (linear), 4^d (cubic) taps on d axes.
        """
        y, grid = outs[0], ins[1]
        if y.shape is None or grid is None or grid.numel is None:
            return None
        axes = len(y.shape) - 2
        each = {"nearest": 1, "bilinear": 2, "linear": 2, "bicubic": 4, "cubic": 4}.get(self.mode)
        if each is None:
            return None
        taps, n, points = each**axes, product(y.shape), grid.numel
        moved = Cost(mults=points, adds=points, other=points)
        return moved if taps == 1 else moved + Cost(mults=n * taps, adds=n * (taps - 1))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        if "cubic" in self.mode:
            return [ANY]
        x = Interval(ranges[0].least(), ranges[0].greatest(), ranges[0].source)
        return affine.finished([affine.averaged(affine.hull(x, Interval(0.0, 0.0)), 16)], ranges, outs)


@operator("AffineGrid", since=20)
class AffineGrid(Operator):
    """The points of a grid of ``size`` moved by the affine map theta.

    https://onnx.ai/onnx/operators/onnx__AffineGrid.html
    """

    def outputs(self, theta: Fact, size: Fact) -> list[Fact]:
        given = size.ints()
        if given is None:
            entries = size.shape[0] if size.shape else None
            rank = entries if isinstance(entries, int) else None
            batch = theta.shape[0] if theta.shape else fresh()
            return [theta.of(None if rank is None else (batch, *unknown_dims(rank - 2), rank - 2))]
        if len(given) not in (4, 5):
            message = f"AffineGrid's size has {len(given)} entries, it needs 4 or 5"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[1]}")
        return [theta.of((given[0], *given[2:], len(given) - 2))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Each coordinate is a product of d + 1 terms: d multiplications and d additions."""
        y = outs[0]
        if y.shape is None:
            return None
        n, axes = product(y.shape), y.shape[-1]
        return Cost(mults=n * axes, adds=n * axes)


@operator("RoiAlign", since=10)
class RoiAlign(Operator):
    """Bilinear samples of X, averaged or maximised over the cells of a grid on each region.

    https://onnx.ai/onnx/operators/onnx__RoiAlign.html
    """

    output_height = attribute.integer(1)
    output_width = attribute.integer(1)
    sampling_ratio = attribute.integer(0)

    def outputs(self, x: Fact, rois: Fact, batch_indices: Fact) -> list[Fact]:
        image = dims(x, 4, self.node, 0)
        regions = dims(rois, 2, self.node, 1)
        indices = dims(batch_indices, 1, self.node, 2)
        if regions is not None:
            message = "RoiAlign's regions have {a} coordinates, they need {b}"
            agree(regions[1], 4, message, subject=f"input {self.node.inputs[1]}")
        count: Dim = fresh() if regions is None else regions[0]
        if indices is not None:
            message = "RoiAlign has {a} regions and {b} batch indices"
            count = agree(count, indices[0], message, subject=f"input {self.node.inputs[2]}")
        channels = fresh() if image is None else image[1]
        return [x.of((count, channels, self.output_height, self.output_width))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each output element r^2 samples of 4 products and 3 sums, r^2 - 1 sums and a division.

        Without a ``sampling_ratio`` r the number of samples depends on the region: no count.
        """
        n, r = outs[0].numel, self.sampling_ratio
        if n is None or r < 1:
            return None
        return Cost(mults=4 * r * r * n, adds=(4 * r * r - 1) * n, other=n)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        x = Interval(ranges[0].least(), ranges[0].greatest(), ranges[0].source)
        return affine.finished([affine.averaged(affine.hull(x, Interval(0.0, 0.0)), 16)], ranges, outs)


@operator("CropAndResize", domain="com.microsoft")
class CropAndResize(Operator):
    """Regions of X resized to ``crop_size``.

    https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.CropAndResize
    """

    mode = attribute.text("bilinear")

    def outputs(self, x: Fact, rois: Fact, batch_indices: Fact, crop_size: Fact) -> list[Fact]:
        image, regions = dims(x, 4, self.node, 0), dims(rois, 2, self.node, 1)
        sides = crop_size.ints() or (fresh(), fresh())
        return [x.of((regions[0] if regions else fresh(), image[1] if image else fresh(), *sides))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """4 products and 3 sums for each output element, none under ``nearest``."""
        n = outs[0].numel
        if self.mode == "nearest":
            return FREE
        return None if n is None else Cost(mults=4 * n, adds=3 * n)


@operator("NonMaxSuppression", since=10)
class NonMaxSuppression(Operator):
    """Indices ``[box count, 3]`` of the boxes that no better box overlaps too much.

    https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html
    """

    def outputs(
        self,
        boxes: Fact,
        scores: Fact,
        max_output_boxes_per_class: Fact | None = None,
        iou_threshold: Fact | None = None,
        score_threshold: Fact | None = None,
    ) -> list[Fact]:
        b, s = dims(boxes, 3, self.node, 0), dims(scores, 3, self.node, 1)
        if b is not None and s is not None:
            agree(b[1], s[2], "NonMaxSuppression has {a} boxes and scores for {b}")
            agree(b[0], s[0], "NonMaxSuppression has boxes of {a} images and scores of {b}")
        return [Fact("int64", (fresh(), 3))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """None: how many boxes are compared depends on the data."""
        return None


@operator("Col2Im", since=18)
class Col2Im(Windowed):
    """Columns ``[N, C*window, L]`` added up into images ``[N, C, *image_shape]``.

    https://onnx.ai/onnx/operators/onnx__Col2Im.html
    """

    def outputs(self, x: Fact, image_shape: Fact, block_shape: Fact) -> list[Fact]:
        columns = dims(x, 3, self.node, 0)
        image, block = image_shape.ints(), block_shape.ints()
        if image is None:
            counts = [f.shape[0] for f in (image_shape, block_shape) if f.shape]
            axes = next((c for c in counts if isinstance(c, int)), None)
            if axes is None:
                return [x.of(None)]
            image = unknown_dims(axes)
        batch: Dim = fresh() if columns is None else columns[0]
        channels: Dim = fresh()
        if columns is not None and block is not None:
            window = product(block)
            if isinstance(window, int) and isinstance(columns[1], int) and window and columns[1] % window:
                message = f"a block of {window} elements does not divide {columns[1]} rows of columns"
                raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[2]}")
            channels = floordiv(columns[1], window) if window != 0 else fresh()
        return [x.of((batch, channels, *image))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One addition for each element of the columns."""
        n = ins[0].numel if ins[0] is not None else None
        return None if n is None else Cost(adds=n)


@operator("ImageDecoder", since=20)
class ImageDecoder(Operator):
    """The pixels ``[height, width, channels]`` of an encoded image.

    https://onnx.ai/onnx/operators/onnx__ImageDecoder.html
    """

    pixel_format = attribute.text("RGB")

    def outputs(self, stream: Fact) -> list[Fact]:
        return [Fact("uint8", (fresh(), fresh(), 1 if self.pixel_format == "Grayscale" else 3))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """None: the work depends on the encoded image."""
        return None

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0, 255.0)]
