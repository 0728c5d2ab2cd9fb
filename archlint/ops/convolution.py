"""Convolution and the checks that its quantised and fused forms share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.model import Fact, unknown_dims
from archlint.ops import affine, attribute
from archlint.ops.agreement import vector
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import operator
from archlint.ops.window import Windowed
from archlint.symbolic import Dim, fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Shape


class Convolving(Windowed):
    """A convolution of ``[N, C, ...]`` by ``[M, C/group, ...]``, whatever surrounds it."""

    group = attribute.integer(1)

    def convolved(self, x: Shape | None, w: Shape | None, weight_slot: int = 1) -> Shape | None:
        """The output's shape; raises `ShapeError` where input and weight contradict each other."""
        node = self.node
        if x is not None and len(x) < 3:
            message = f"{node.op_type}'s input has {len(x)} axes, it needs at least 3"
            raise ShapeError("conv-rank-mismatch", message, subject=f"input {node.inputs[0]}")
        if w is None:
            declared = self.kernel_shape
            if x is None:
                return None if not declared else unknown_dims(2 + len(declared))
            if not declared:
                return (x[0], *unknown_dims(len(x) - 1))
            return (x[0], fresh(), *self.spatial(x[2:], declared))
        if len(w) < 3:
            message = f"{node.op_type}'s weight has {len(w)} axes, it needs at least 3"
            raise ShapeError("weight-rank", message, subject=f"input {node.inputs[weight_slot]}")
        kernel = w[2:]
        self.check_kernel(kernel)
        if x is None:
            return (fresh(), w[0], *unknown_dims(len(kernel)))
        if len(x) != len(w):
            message = f"{node.op_type}'s input has {len(x)} axes, its weight {len(w)}"
            raise ShapeError("conv-rank-mismatch", message, subject=f"input {node.inputs[0]}")
        self._check_channels(x[1], w, weight_slot)
        return (x[0], w[0], *self.spatial(x[2:], kernel))

    def check_kernel(self, kernel: Shape) -> None:
        """Raise when ``kernel_shape`` is given and is not the weight's window."""
        declared = self.kernel_shape
        if declared and (
            len(declared) != len(kernel)
            or any(isinstance(k, int) and k != d for k, d in zip(kernel, declared, strict=True))
        ):
            shown = "[" + ", ".join(str(k) for k in kernel) + "]"
            message = f"kernel_shape says {list(declared)}, the weight is {shown}"
            raise ShapeError("kernel-shape-mismatch", message, subject="attribute kernel_shape")

    def check_group(self, *channels: tuple[str, Dim]) -> None:
        """Raise when ``group`` is not positive or does not divide the named channel counts."""
        group = self.group
        if group < 1:
            message = f"group {group} is not positive"
            raise ShapeError("attribute-invalid", message, subject="attribute group")
        for what, size in channels:
            if isinstance(size, int) and size % group:
                message = f"group {group} does not divide the {size} {what} channels"
                raise ShapeError(
                    "group-not-dividing", message, subject="attribute group", group=group, channels=size
                )

    def _check_channels(self, channels: Dim, weight: Shape, slot: int) -> None:
        self.check_group(("input", channels), ("output", weight[0]))
        expected = weight[1] * self.group
        if isinstance(expected, int) and isinstance(channels, int) and expected != channels:
            message = f"{self.node.op_type} expects {expected} input channels, gets {channels}"
            raise ShapeError(
                "conv-channel-mismatch",
                message,
                subject=f"input {self.node.inputs[0]}",
                help=_group_help(channels, weight, self.node.inputs, slot),
                expected=expected,
                channels=channels,
                group=self.group,
            )

    def dot_bounds(self, x: Interval, w: Interval, b: Interval | None) -> Interval:
        """Per output channel: every weight times the end of its input channel that its sign asks for."""
        import numpy as np

        if w.array is None or w.array.ndim < 3 or w.array.shape[0] % self.group:
            return ANY
        weights = w.array
        outputs, inputs = weights.shape[:2]
        lo, hi = affine.along(x, -(weights.ndim - 1))
        if self.padded:
            lo, hi = np.minimum(lo, 0.0), np.maximum(hi, 0.0)
        whole = (inputs * self.group,)
        if lo.shape not in ((), whole) or hi.shape not in ((), whole):
            return ANY
        taps = int(np.prod(weights.shape[2:]))
        rows = []
        per_group = outputs // self.group
        for g in range(self.group if lo.ndim or hi.ndim else 1):
            part = weights if not (lo.ndim or hi.ndim) else weights[g * per_group : (g + 1) * per_group]
            own = slice(g * inputs, (g + 1) * inputs)
            ends = [
                np.repeat(end[own] if end.ndim else np.broadcast_to(end, (inputs,)), taps) for end in (lo, hi)
            ]
            rows.append(affine.weighted((ends[0], ends[1]), part.reshape(len(part), -1).T, x.source))
        result = Interval(
            np.concatenate([np.broadcast_to(r.lo, (len(weights) // len(rows),)) for r in rows]),
            np.concatenate([np.broadcast_to(r.hi, (len(weights) // len(rows),)) for r in rows]),
            x.source,
        )
        if b is not None:
            result = affine.add(result, Interval(*affine.along(b, -1), b.source))
        spread = (-1, *[1] * (weights.ndim - 2))
        return Interval(np.reshape(result.lo, spread), np.reshape(result.hi, spread), result.source)


def _group_help(channels: int, weight: Shape, names: tuple[str, ...], slot: int) -> str:
    per_group, outputs = weight[1], weight[0]
    if isinstance(per_group, int) and isinstance(outputs, int) and per_group and not channels % per_group:
        group = channels // per_group
        if group and not outputs % group:
            return f"group={group} would fit this weight and input"
    return (
        f"no `group` value fits ({channels} / group is never {per_group}): "
        f"'{names[0]}' or '{names[slot]}' is the wrong tensor"
    )


@operator("Conv")
class Conv(Convolving):
    """Y[n, o, p] = sum over c, k of W[o, c, k] * X[n, c, s*p + d*k] (+ B[o]).

    https://onnx.ai/onnx/operators/onnx__Conv.html
    """

    numberless = True

    def outputs(self, x: Fact, w: Fact, b: Fact | None = None) -> list[Fact]:
        shape = self.convolved(x.shape, w.shape)
        if shape is not None:
            vector(b, shape[1], self.node, 2, "bias")
        return [x.of(shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Each output element sums ``C_in/group * kernel`` products; a bias adds one more."""
        w, y = ins[1], outs[0].numel
        if w is None or w.shape is None or y is None:
            return None
        bias = len(ins) > 2 and ins[2] is not None
        return Cost.linear(y, product(w.shape[1:]), bias=bias)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        bias = ranges[2] if len(ins) > 2 and ins[2] is not None else None
        return affine.finished([self.dot_bounds(ranges[0], ranges[1], bias)], ranges, outs)
