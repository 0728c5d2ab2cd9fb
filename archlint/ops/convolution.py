"""Convolution and its window arithmetic, shared with pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.model import Fact, unknown_dims
from archlint.ops import attribute
from archlint.ops.cost import Cost
from archlint.ops.operator import Operator, operator
from archlint.symbolic import Dim, at_least, ceildiv, floordiv, fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence


class Windowed(Operator):
    """An operator that slides a window over spatial axes (everything behind batch and channel)."""

    auto_pad = attribute.text("NOTSET")
    dilations = attribute.integers()
    kernel_shape = attribute.integers()
    pads = attribute.integers()
    strides = attribute.integers()

    def per_axis(self, name: str, value: tuple[int, ...] | None, axes: int, default: int) -> tuple[int, ...]:
        """``value`` with one entry for each of ``axes`` axes, ``default`` where it is left out."""
        if value is None:
            return (default,) * axes
        if len(value) != axes:
            message = f"'{name}' has {len(value)} entries, the window has {axes} axes"
            raise ShapeError("window-rank-mismatch", message, subject=f"attribute {name}")
        return value

    def slide(self, size: Dim, window: Dim, stride: int, pads: tuple[int, int], *, ceil: bool = False) -> Dim:
        """Positions of a window of extent ``window``: ``floor((size + pads - window)/stride) + 1``.

        ``SAME_*`` gives ``ceil(size/stride)``, ``VALID`` pads nothing (ONNX Conv, MaxPool).
        """
        if stride < 1:
            message = f"stride {stride} is not positive"
            raise ShapeError("attribute-invalid", message, subject="attribute strides")
        if self.auto_pad in ("SAME_UPPER", "SAME_LOWER"):
            return ceildiv(size, stride)
        padding = 0 if self.auto_pad == "VALID" else sum(pads)
        room = size + padding - window
        if at_least(room, 0) is False:
            message = (
                f"window {window} does not fit size {size} + pads {padding}; "
                f"{self.node.op_type} would have no output"
            )
            raise ShapeError(
                "window-larger-than-input",
                message,
                subject=f"input {self.node.inputs[0]}",
                help=f"inputs of size >= {window - padding} fit",
                window=window,
                size=size,
                pads=padding,
            )
        steps = floordiv(room, stride)
        if ceil and isinstance(room, int):
            steps = -(-room // stride)
            # a window must start inside the input or its leading pad (ONNX, MaxPool ceil_mode)
            if isinstance(size, int) and steps * stride >= size + (
                0 if self.auto_pad == "VALID" else pads[0]
            ):
                steps -= 1
        elif ceil:
            return fresh() if stride > 1 else steps + 1
        return steps + 1

    def spatial(
        self, sizes: tuple[Dim, ...], kernel: tuple[Dim, ...], *, ceil: bool = False
    ) -> tuple[Dim, ...]:
        """Output sizes of every spatial axis."""
        axes = len(sizes)
        dilations = self.per_axis("dilations", self.dilations, axes, 1)
        strides = self.per_axis("strides", self.strides, axes, 1)
        pads = self.per_axis("pads", self.pads, 2 * axes, 0)
        return tuple(
            self.slide(size, (k - 1) * d + 1, s, (pads[i], pads[i + axes]), ceil=ceil)
            for i, (size, k, d, s) in enumerate(zip(sizes, kernel, dilations, strides, strict=True))
        )


@operator("Conv")
class Conv(Windowed):
    """Y[n, o, p] = sum over c, k of W[o, c, k] * X[n, c, s*p + d*k] (+ B[o]).

    https://onnx.ai/onnx/operators/onnx__Conv.html
    """

    group = attribute.integer(1)

    def outputs(self, x: Fact, w: Fact, b: Fact | None = None) -> list[Fact]:
        if w.shape is None:
            return [x.of(None if x.shape is None else (x.shape[0], *unknown_dims(len(x.shape) - 1)))]
        if len(w.shape) < 3:
            message = f"Conv's weight has {len(w.shape)} axes, it needs at least 3"
            raise ShapeError("weight-rank", message, subject=f"input {self.node.inputs[1]}")
        kernel = w.shape[2:]
        self._check_kernel(kernel)
        if x.shape is None:
            return [x.of((fresh(), w.shape[0], *unknown_dims(len(kernel))))]
        if len(x.shape) != len(w.shape):
            message = f"Conv's input has {len(x.shape)} axes, its weight {len(w.shape)}"
            raise ShapeError("conv-rank-mismatch", message, subject=f"input {self.node.inputs[0]}")
        self._check_channels(x.shape[1], w.shape)
        return [x.of((x.shape[0], w.shape[0], *self.spatial(x.shape[2:], kernel)))]

    def _check_kernel(self, kernel: tuple[Dim, ...]) -> None:
        declared = self.kernel_shape
        if declared is not None and all(isinstance(k, int) for k in kernel) and declared != kernel:
            message = f"kernel_shape says {list(declared)}, the weight is {list(kernel)}"
            raise ShapeError("kernel-shape-mismatch", message, subject="attribute kernel_shape")

    def _check_channels(self, channels: Dim, weight: tuple[Dim, ...]) -> None:
        group = self.group
        if group < 1:
            message = f"group {group} is not positive"
            raise ShapeError("attribute-invalid", message, subject="attribute group")
        for what, size in (("input", channels), ("output", weight[0])):
            if isinstance(size, int) and size % group:
                message = f"group {group} does not divide the {size} {what} channels"
                raise ShapeError(
                    "group-not-dividing", message, subject="attribute group", group=group, channels=size
                )
        expected = weight[1] * group
        if isinstance(expected, int) and isinstance(channels, int) and expected != channels:
            message = f"Conv expects {expected} input channels, gets {channels}"
            raise ShapeError(
                "conv-channel-mismatch",
                message,
                subject=f"input {self.node.inputs[0]}",
                help=_group_help(channels, weight, self.node.inputs),
                expected=expected,
                channels=channels,
                group=group,
            )

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Each output element sums ``C_in/group * kernel`` products; a bias adds one more."""
        w, y = ins[1], outs[0].numel
        if w is None or w.shape is None or y is None:
            return None
        bias = len(ins) > 2 and ins[2] is not None
        return Cost.linear(y, product(w.shape[1:]), bias=bias)


def _group_help(channels: int, weight: tuple[Dim, ...], names: tuple[str, ...]) -> str:
    per_group, outputs = weight[1], weight[0]
    if isinstance(per_group, int) and isinstance(outputs, int) and per_group and not channels % per_group:
        group = channels // per_group
        if group and not outputs % group:
            return f"group={group} would fit this weight and input"
    return (
        f"no `group` value fits ({channels} / group is never {per_group}): "
        f"'{names[0]}' or '{names[1]}' is the wrong tensor"
    )
