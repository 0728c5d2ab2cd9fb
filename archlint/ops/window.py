"""`Windowed`: the arithmetic of a window that slides over spatial axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.ops import attribute
from archlint.ops.operator import Operator
from archlint.symbolic import Dim, at_least, ceildiv, floordiv, minimum

if TYPE_CHECKING:
    from archlint.model import Shape

SAME = ("SAME_UPPER", "SAME_LOWER")
AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""What people call the sizes behind batch and channel."""
LENIENT = " by ONNX's formula, onnxruntime makes one of what is there"


class Windowed(Operator):
    """An operator that slides a window over spatial axes (everything behind batch and channel)."""

    auto_pad = attribute.text("NOTSET")
    dilations = attribute.integers()
    kernel_shape = attribute.integers()
    pads = attribute.integers()
    strides = attribute.integers()

    refuses_small = True
    """False for the pools, which onnxruntime runs on inputs a little smaller than the window."""

    def per_axis(self, name: str, value: tuple[int, ...] | None, axes: int, default: int) -> tuple[int, ...]:
        """``value`` with one entry for each of ``axes`` axes, ``default`` where it is left out."""
        if not value:
            return (default,) * axes
        if len(value) != axes:
            message = f"'{name}' has {len(value)} entries, the window has {axes} axes"
            raise ShapeError("window-rank-mismatch", message, subject=f"attribute {name}")
        return value

    def positive(self, name: str, value: tuple[int, ...] | None, axes: int) -> tuple[int, ...]:
        """Like `per_axis` with default 1, and every entry at least 1."""
        found = self.per_axis(name, value, axes, 1)
        if min(found, default=1) < 1:
            message = f"'{name}' is {list(found)}, every entry must be at least 1"
            raise ShapeError("attribute-invalid", message, subject=f"attribute {name}")
        return found

    def paddings(self, axes: int) -> list[tuple[int, int]]:
        """Begin and end padding of every axis as declared; zero under ``auto_pad``."""
        if self.auto_pad == "VALID" or self.auto_pad in SAME:
            return [(0, 0)] * axes
        if self.auto_pad not in ("NOTSET", ""):
            message = f"auto_pad '{self.auto_pad}' is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID"
            raise ShapeError("attribute-invalid", message, subject="attribute auto_pad")
        pads = self.per_axis("pads", self.pads, 2 * axes, 0)
        if min(pads, default=0) < 0:
            message = f"'pads' is {list(pads)}, a window's padding cannot be negative"
            raise ShapeError("attribute-invalid", message, subject="attribute pads")
        return list(zip(pads[:axes], pads[axes:], strict=True))

    @property
    def padded(self) -> bool:
        """True when some window may reach beyond the input."""
        return self.auto_pad in SAME or any(self.pads or ())

    def slide(
        self,
        size: Dim,
        window: Dim,
        stride: int,
        pads: tuple[int, int],
        *,
        ceil: bool = False,
        axis: str = "size",
    ) -> Dim:
        """Positions of a window of extent ``window``: ``floor((size + pads - window)/stride) + 1``.

        ``SAME_*`` gives ``ceil(size/stride)``, ``VALID`` pads nothing (ONNX Conv, MaxPool). With
        ``ceil`` a last window may hang over the end as long as it starts inside the input or its
        leading pad: ``min(ceil((size + pads - window)/stride) + 1, ceil((size + pads[0])/stride))``.
        ``axis`` is what messages call the size.
        """
        if self.auto_pad in SAME:
            return ceildiv(size, stride)
        room = size + sum(pads) - window
        if at_least(room, 0) is False:
            padding = sum(pads)
            # onnxruntime divides towards zero where ONNX rounds down, so its pools then give one output
            lenient = not self.refuses_small and at_least(room, 1 - stride) is not False
            output = floordiv(room, stride) + 1
            message = (
                f"window {window} does not fit {axis} {size} + pads {padding}; "
                f"output would be {output if isinstance(output, int) else 'empty'}"
                f"{LENIENT if lenient else ''}"
            )
            raise ShapeError(
                "window-larger-than-input",
                message,
                subject=f"input {self.node.inputs[0]}",
                help=f"inputs of {axis} >= {window - padding}",
                severity="warning" if lenient else None,
                window=window,
                size=size,
                pads=padding,
            )
        if not ceil:
            return floordiv(room, stride) + 1
        steps = ceildiv(room, stride) + 1
        if isinstance(window, int) and stride <= window - pads[1]:
            return steps
        return minimum(steps, ceildiv(size + pads[0], stride))

    def spatial(self, sizes: Shape, kernel: Shape, *, ceil: bool = False) -> Shape:
        """Output sizes of every spatial axis."""
        axes = len(sizes)
        if len(kernel) != axes:
            message = f"the window has {len(kernel)} axes, the input {axes} spatial ones"
            raise ShapeError("window-rank-mismatch", message, subject="attribute kernel_shape")
        dilations = self.positive("dilations", self.dilations, axes)
        strides = self.positive("strides", self.strides, axes)
        pads = self.paddings(axes)
        names = AXES.get(axes, ("size",) * axes)
        return tuple(
            self.slide(size, (k - 1) * d + 1, s, p, ceil=ceil, axis=name)
            for size, k, d, s, p, name in zip(sizes, kernel, dilations, strides, pads, names, strict=True)
        )
