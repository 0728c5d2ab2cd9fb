"""Resize and Upsample at every opset."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archlint.errors import ShapeError, Undetermined
from archlint.model import Fact, unknown_dims
from archlint.ops import affine, attribute
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.normalization import axis_of
from archlint.ops.operator import Operator, operator
from archlint.symbolic import Dim, floordiv, fresh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Shape

TAPS = {"nearest": 1, "linear": 2, "cubic": 4}


def scaled(size: Dim, scale: float) -> Dim:
    """``floor(size * scale)`` as runtimes compute it, in single precision; exact for whole ratios."""
    if isinstance(size, int):
        return _single_floor(size, scale)
    if scale == int(scale):
        return size * int(scale)
    inverse = 1 / scale
    if abs(inverse - round(inverse)) < 1e-9 and math.log2(round(inverse)).is_integer():
        return floordiv(size, round(inverse))
    return fresh()


def _single_floor(size: int, scale: float) -> int:
    import numpy as np

    return math.floor(np.float32(size) * np.float32(scale))


class Interpolating(Operator):
    """A tensor sampled on another grid of the same rank."""

    mode = attribute.text("nearest")

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each output element and each axis that changes: t products and t - 1 sums, t taps.

        ``nearest`` moves data; ``linear`` has 2 taps on an axis, ``cubic`` 4, so that d changing axes
        weigh t^d elements; coordinates and weights are made once for each axis and not counted.
        """
        x, y = ins[0], outs[0]
        if x is None or x.shape is None or y.shape is None or y.numel is None:
            return Cost() if self.mode == "nearest" else None
        axes = sum(a != b for a, b in zip(x.shape, y.shape, strict=False))
        taps = TAPS.get(self.mode, 1) ** axes
        return Cost() if taps == 1 else Cost(mults=y.numel * taps, adds=y.numel * (taps - 1))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        if self.mode == "cubic" or self.attrs.get("coordinate_transformation_mode") == "tf_crop_and_resize":
            return [ANY]
        x = Interval(ranges[0].least(), ranges[0].greatest(), ranges[0].source)
        return [x] if self.mode == "nearest" else affine.finished([affine.averaged(x, 16)], ranges, outs)


@operator("Resize", since=10)
class Resize10(Interpolating):
    """x sampled so that each side is ``floor(side * scale)`` long.

    https://onnx.ai/onnx/operators/onnx__Resize.html
    """

    def outputs(self, x: Fact, scales: Fact) -> list[Fact]:
        return [x.of(by_scales(self, x.shape, scales, range(x.rank or 0), 1))]


@operator("Upsample")
class Upsample1(Interpolating):
    """x enlarged by ``height_scale`` and ``width_scale``.

    https://onnx.ai/onnx/operators/onnx__Upsample.html
    """

    height_scale = attribute.optional_number()
    width_scale = attribute.optional_number()

    def outputs(self, x: Fact) -> list[Fact]:
        if self.height_scale is None or self.width_scale is None:
            raise Undetermined("height_scale or width_scale is missing")
        if x.shape is None or len(x.shape) != 4:
            return [x.of(None)]
        n, c, h, w = x.shape
        return [x.of((n, c, scaled(h, self.height_scale), scaled(w, self.width_scale)))]


@operator("Upsample", since=7)
class Upsample7(Interpolating):
    """x enlarged by ``scales``, one for each axis.

    https://onnx.ai/onnx/operators/onnx__Upsample.html
    """

    scales = attribute.numbers()

    def outputs(self, x: Fact) -> list[Fact]:
        if x.shape is None or self.scales is None:
            return [x.of(x.shape and unknown_dims(len(x.shape)))]
        check_count(self, len(self.scales), len(x.shape), "attribute scales")
        return [x.of(tuple(scaled(d, s) for d, s in zip(x.shape, self.scales, strict=True)))]


@operator("Upsample", since=9)
class Upsample9(Interpolating):
    """x enlarged by the scales of its second input, one for each axis.

    https://onnx.ai/onnx/operators/onnx__Upsample.html
    """

    def outputs(self, x: Fact, scales: Fact) -> list[Fact]:
        return [x.of(by_scales(self, x.shape, scales, range(x.rank or 0), 1))]


@operator("Resize", since=11)
class Resize(Interpolating):
    """x sampled on a grid given by ``scales`` or ``sizes``, on every axis or on ``axes``.

    ``keep_aspect_ratio_policy`` (opset 18) takes the smallest (``not_larger``) or largest
    (``not_smaller``) ratio of sizes for all axes and rounds half up.

    https://onnx.ai/onnx/operators/onnx__Resize.html
    """

    axes = attribute.integers()
    mode = attribute.choice("nearest", "linear", "cubic")
    coordinate_transformation_mode = attribute.choice(
        "half_pixel",
        "half_pixel_symmetric",
        "pytorch_half_pixel",
        "align_corners",
        "asymmetric",
        "tf_half_pixel_for_nn",
        "tf_crop_and_resize",
    )
    keep_aspect_ratio_policy = attribute.choice("stretch", "not_larger", "not_smaller")
    nearest_mode = attribute.choice("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")

    def outputs(
        self, x: Fact, roi: Fact | None = None, scales: Fact | None = None, sizes: Fact | None = None
    ) -> list[Fact]:
        if sizes is not None and sizes.shape == (0,):
            sizes = None
        if scales is not None and scales.shape == (0,):
            scales = None
        if x.shape is None:
            known = next((f.shape[0] for f in (scales, sizes) if f is not None and f.shape), None)
            rank = known if isinstance(known, int) and self.axes is None else None
            if rank is None:
                return [x.of(None)]
            given = None if sizes is None or self.keep_aspect_ratio_policy != "stretch" else sizes.ints()
            return [x.of(given or unknown_dims(rank))]
        rank = len(x.shape)
        axes = range(rank) if self.axes is None else [axis_of(a, rank) for a in self.axes]
        if sizes is not None:
            return [x.of(self._by_sizes(x.shape, sizes, axes))]
        if scales is None:
            raise Undetermined("neither scales nor sizes are known")
        return [x.of(by_scales(self, x.shape, scales, axes, 2, self._region(roi, rank, len(axes))))]

    def _region(self, roi: Fact | None, rank: int, axes: int) -> tuple[float, ...] | None:
        """How much of each axis ``tf_crop_and_resize`` crops to: all of it under other modes."""
        if self.coordinate_transformation_mode != "tf_crop_and_resize":
            return (1.0,) * axes
        values = None if roi is None else roi.values
        if values is None or len(values) != 2 * axes or any(not isinstance(v, (int, float)) for v in values):
            return None
        return tuple(float(values[i + axes]) - float(values[i]) for i in range(axes))  # type: ignore[arg-type]

    def _by_sizes(self, x: Shape, sizes: Fact, axes: Sequence[int]) -> Shape:
        given = sizes.ints()
        out = list(x)
        if given is None:
            for axis in axes:
                out[axis] = fresh()
            return tuple(out)
        check_count(self, len(given), len(axes), f"input {self.node.inputs[-1]}")
        if self.keep_aspect_ratio_policy == "stretch":
            for axis, size in zip(axes, given, strict=True):
                out[axis] = size
            return tuple(out)
        pairs = [(x[axis], size) for axis, size in zip(axes, given, strict=True)]
        if not all(isinstance(a, int) and isinstance(b, int) and a for a, b in pairs):
            for axis in axes:
                out[axis] = fresh()
            return tuple(out)
        import numpy as np

        ratios = [np.float32(b) / np.float32(a) for a, b in pairs]  # type: ignore[arg-type]
        ratio = min(ratios) if self.keep_aspect_ratio_policy == "not_larger" else max(ratios)
        for axis in axes:
            out[axis] = math.floor(float(ratio * np.float32(x[axis])) + 0.5)  # type: ignore[arg-type]
        return tuple(out)


def check_count(operator: Operator, given: int, axes: int, subject: str) -> None:
    """Raise when there is not one factor for each axis."""
    if given != axes:
        message = f"{operator.node.op_type} gets {given} factors for {axes} axes"
        raise ShapeError("shape-mismatch", message, subject=subject)


def by_scales(
    operator: Operator,
    x: Shape | None,
    scales: Fact,
    axes: Sequence[int],
    slot: int,
    region: tuple[float, ...] | None = None,
) -> Shape | None:
    """The shape that factors give; ``region`` shortens each axis before it is scaled."""
    factors = scales.values
    if x is None:
        rank = scales.shape[0] if scales.shape else None
        return unknown_dims(rank) if isinstance(rank, int) else None
    out = list(x)
    if factors is None:
        for axis in axes:
            out[axis] = fresh()
        return tuple(out)
    check_count(operator, len(factors), len(axes), f"input {operator.node.inputs[slot]}")
    if region is None and slot == 2:
        for axis in axes:
            out[axis] = fresh()
        return tuple(out)
    for i, (axis, factor) in enumerate(zip(axes, factors, strict=True)):
        if not isinstance(factor, (int, float)):
            out[axis] = fresh()
        elif region is not None and region[i] != 1.0:
            size = x[axis]
            out[axis] = math.floor(size * region[i] * factor) if isinstance(size, int) else fresh()
        elif factor <= 0:
            message = f"{operator.node.op_type}'s factor {factor} is not positive"
            raise ShapeError("attribute-invalid", message, subject=f"input {operator.node.inputs[slot]}")
        else:
            out[axis] = scaled(x[axis], float(factor))
    return tuple(out)
