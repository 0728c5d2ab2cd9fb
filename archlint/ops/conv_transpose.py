"""Transposed convolution: every input element spreads a window over the output."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, ClassVar

from archlint.errors import ShapeError
from archlint.model import Fact, unknown_dims
from archlint.ops import affine, attribute
from archlint.ops.agreement import agree, vector
from archlint.ops.convolution import Convolving
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import operator
from archlint.ops.window import SAME
from archlint.symbolic import Dim, at_least, fresh, maximum, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Shape


class Spreading(Convolving):
    """A transposed convolution of ``[N, C, ...]`` by ``[C, M/group, ...]``."""

    bias_slot: ClassVar[int] = 2
    output_padding = attribute.integers()
    output_shape = attribute.integers()

    def transposed(
        self, x: Shape | None, w: Shape | None, b: Fact | None, pads: tuple[int, ...] | None
    ) -> Shape | None:
        """The output's shape under ``pads``; raises `ShapeError` for contradictions."""
        node = self.node
        if x is not None and len(x) < 3:
            message = f"{node.op_type}'s input has {len(x)} axes, it needs at least 3"
            raise ShapeError("conv-rank-mismatch", message, subject=f"input {node.inputs[0]}")
        if w is None:
            return None if x is None else (x[0], *unknown_dims(len(x) - 1))
        if len(w) < 3:
            message = f"{node.op_type}'s weight has {len(w)} axes, it needs at least 3"
            raise ShapeError("weight-rank", message, subject=f"input {node.inputs[1]}")
        if x is not None and len(x) != len(w):
            message = f"{node.op_type}'s input has {len(x)} axes, its weight {len(w)}"
            raise ShapeError("conv-rank-mismatch", message, subject=f"input {node.inputs[0]}")
        self.check_kernel(w[2:])
        self.check_group(("input", w[0] if x is None else x[1]), ("input", w[0]))
        channels = w[1] * self.group
        vector(b, channels, node, self.bias_slot, "bias")
        if x is None:
            return (fresh(), channels, *unknown_dims(len(w) - 2))
        message = f"{node.op_type} expects {{b}} input channels, gets {{a}}"
        agree(x[1], w[0], message, kind="conv-channel-mismatch", subject=f"input {node.inputs[0]}")
        return (x[0], channels, *self._sides(x[2:], w[2:], pads))

    def _sides(self, sizes: Shape, kernel: Shape, pads: tuple[int, ...] | None) -> Shape:
        axes = len(sizes)
        if self.output_shape:
            given = self.output_shape[-axes:]
            if len(self.output_shape) not in (axes, axes + 2) or min(given) < 1:
                message = f"output_shape is {list(self.output_shape)}, it needs {axes} sizes of at least 1"
                raise ShapeError("attribute-invalid", message, subject="attribute output_shape")
            return given
        dilations = self.positive("dilations", self.dilations, axes)
        strides = self.positive("strides", self.strides, axes)
        extra = self.per_axis("output_padding", self.output_padding, axes, 0)
        around = (
            self.paddings(axes) if pads is self.pads else _pairs(self.per_axis("pads", pads, 2 * axes, 0))
        )
        sides = []
        for size, k, d, s, e, pad in zip(sizes, kernel, dilations, strides, extra, around, strict=True):
            reach = (k - 1) * d + 1 + e
            if self.auto_pad in SAME:
                short = at_least(reach, s) is False
                sides.append((size - 1) * s + reach if short else size * s)
                continue
            side = (size - 1) * s + reach - sum(pad)
            if at_least(side, 1) is False:
                message = f"pads {sum(pad)} leave {side} of {side + sum(pad)} output positions"
                raise ShapeError("window-larger-than-input", message, subject="attribute pads")
            sides.append(side)
        return tuple(sides)

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Each input element meets ``window * C_out/group`` weights: that many macs.

        A product that is not the first to land on its output position is an addition; a bias adds
        one for each output element. On an axis with n inputs, kernel k, stride s and dilation d the
        windows touch ``n*k - max(n - d/g, 0) * max(k - s/g, 0)`` positions, g = gcd(s, d). Positions
        that ``pads`` cut off are counted.
        """
        x, w, y = ins[0], ins[1], outs[0].numel
        if x is None or w is None or x.shape is None or w.shape is None or y is None:
            return None
        macs = product(x.shape) * product(w.shape[1:])
        axes = len(w.shape) - 2
        touched: Dim = x.shape[0] * w.shape[1] * self.group
        dilations = self.positive("dilations", self.dilations, axes)
        strides = self.positive("strides", self.strides, axes)
        for n, k, d, s in zip(x.shape[2:], w.shape[2:], dilations, strides, strict=True):
            g = gcd(s, d)
            touched = touched * (n * k - maximum(n - d // g, 0) * maximum(k - s // g, 0))
        bias = len(ins) > self.bias_slot and ins[self.bias_slot] is not None
        return Cost(macs, macs, macs - touched + (y if bias else 0))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        import numpy as np

        weights = ranges[1].array
        if weights is None or weights.ndim < 3 or weights.shape[0] % self.group:
            return [ANY]
        lo = np.asarray(min(ranges[0].least(), 0.0))
        hi = np.asarray(max(ranges[0].greatest(), 0.0))
        per_group, columns = weights.shape[0] // self.group, weights.shape[1]
        rows = []
        for g in range(self.group):
            part = np.moveaxis(weights[g * per_group : (g + 1) * per_group], 1, -1).reshape(-1, columns)
            rows.append(affine.weighted((lo, hi), part, ranges[0].source))
        spread = (-1, *[1] * (weights.ndim - 2))
        y = Interval(
            np.concatenate([np.broadcast_to(r.lo, (columns,)) for r in rows]).reshape(spread),
            np.concatenate([np.broadcast_to(r.hi, (columns,)) for r in rows]).reshape(spread),
            ranges[0].source,
        )
        if len(ins) > self.bias_slot and ins[self.bias_slot] is not None:
            bias = ranges[self.bias_slot]
            low, high = (end.reshape(spread) for end in affine.along(bias, -1))
            y = affine.add(y, Interval(low, high, bias.source))
        return affine.finished([y], ranges, outs)


@operator("ConvTranspose")
class ConvTranspose(Spreading):
    """Y[n, o, s*p + d*k - pad] += X[n, c, p] * W[c, o, k], then + B[o].

    A side is ``s*(x - 1) + output_padding + d*(k - 1) + 1 - pads``, or ``output_shape``; under
    ``auto_pad`` SAME it is ``s*x``, or less where even without padding the window does not reach so far.

    https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
    """

    numberless = True

    def outputs(self, x: Fact, w: Fact, b: Fact | None = None) -> list[Fact]:
        return [x.of(self.transposed(x.shape, w.shape, b, self.pads))]


@operator("ConvTransposeWithDynamicPads", domain="com.microsoft")
class ConvTransposeWithDynamicPads(Spreading):
    """A ConvTranspose whose pads are an input.

    https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.ConvTransposeWithDynamicPads
    """

    bias_slot = 3

    def outputs(self, x: Fact, w: Fact, pads: Fact | None = None, b: Fact | None = None) -> list[Fact]:
        given = (0,) * 0 if pads is None else pads.ints()
        if given is None or not all(isinstance(p, int) for p in given):
            shape = self.transposed(x.shape, w.shape, b, ())
            return [x.of(None if shape is None else (*shape[:2], *unknown_dims(len(shape) - 2)))]
        return [x.of(self.transposed(x.shape, w.shape, b, tuple(p for p in given if isinstance(p, int))))]


def _pairs(pads: tuple[int, ...]) -> list[tuple[int, int]]:
    half = len(pads) // 2
    return list(zip(pads[:half], pads[half:], strict=True))
