"""onnxruntime's own operators that move data, transform signals or measure distances.

https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archlint.errors import ShapeError, Undetermined
from archlint.model import Fact, unknown_dims
from archlint.ops import attribute
from archlint.ops.agreement import agree, dims
from archlint.ops.cost import FREE, Cost
from archlint.ops.operator import Operator, operator
from archlint.ops.quantization import MICROSOFT
from archlint.symbolic import Dim, fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence


class Moving(Operator):
    """Moves data: no arithmetic."""

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Nothing."""
        return FREE


@operator("Trilu", domain=MICROSOFT)
class Trilu(Moving):
    """The upper or lower triangle of each matrix, zeros elsewhere."""

    def outputs(self, x: Fact, k: Fact | None = None) -> list[Fact]:
        return [x.of(x.shape)]


@operator("ExpandDims", domain=MICROSOFT)
class ExpandDims(Moving):
    """x with a new axis of size 1."""

    def outputs(self, x: Fact, axis: Fact) -> list[Fact]:
        if x.shape is None:
            return [x.of(None)]
        at, rank = axis.scalar(), len(x.shape)
        if not isinstance(at, int):
            return [x.of(unknown_dims(rank + 1))]
        if not -rank - 1 <= at <= rank:
            message = f"axis {at} does not exist in a tensor of {rank + 1} axes"
            raise ShapeError("axis-out-of-range", message, subject=f"input {self.node.inputs[1]}")
        at = at if at >= 0 else at + rank + 1
        return [x.of((*x.shape[:at], 1, *x.shape[at:]))]


@operator("Unique", domain=MICROSOFT)
class Unique(Operator):
    """The distinct elements of a vector, where each is found, and how often."""

    def outputs(self, x: Fact) -> list[Fact]:
        count = fresh()
        return [x.of((count,)), Fact("int64", x.shape), Fact("int64", (count,))]


@operator("Pad", domain=MICROSOFT)
class Pad(Moving):
    """x with rows added or cut at the ends of each axis."""

    def outputs(self, x: Fact, pads: Fact, value: Fact | None = None) -> list[Fact]:
        given = pads.ints()
        if x.shape is None or given is None:
            return [x.of(None if x.shape is None else unknown_dims(len(x.shape)))]
        rank = len(x.shape)
        if len(given) != 2 * rank:
            message = f"Pad gets {len(given)} pads for {rank} axes"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[1]}")
        return [x.of(tuple(d + given[i] + given[i + rank] for i, d in enumerate(x.shape)))]


@operator("GatherND", domain=MICROSOFT)
class GatherND(Moving):
    """The slices of ``data`` at index tuples."""

    def outputs(self, data: Fact, indices: Fact) -> list[Fact]:
        last = indices.shape[-1] if indices.shape else None
        if data.shape is None or indices.shape is None or not isinstance(last, int):
            return [data.of(None)]
        return [data.of((*indices.shape[:-1], *data.shape[last:]))]


@operator("GatherBlockQuantized", domain=MICROSOFT)
class GatherBlockQuantized(Operator):
    """Rows of a block-quantised table, dequantised."""

    bits = attribute.integer(4)
    gather_axis = attribute.integer(0)

    def outputs(self, data: Fact, indices: Fact, scales: Fact, zero_points: Fact | None = None) -> list[Fact]:
        if self.bits not in (2, 4, 8):
            message = f"bits is {self.bits}, GatherBlockQuantized knows 2, 4 and 8"
            raise ShapeError("attribute-invalid", message, subject="attribute bits")
        if not data.shape or indices.shape is None:
            return [Fact(scales.dtype)]
        at = self.gather_axis % max(len(data.shape), 1)
        shape = list(data.shape)
        if data.dtype == "uint8":
            shape[-1] = shape[-1] * (8 // self.bits)
        return [Fact(scales.dtype, (*shape[:at], *indices.shape, *shape[at + 1 :]))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One product for each element, one subtraction with zero points."""
        n = outs[0].numel
        shifted = len(ins) > 3 and ins[3] is not None
        return None if n is None else Cost(mults=n, adds=n if shifted else 0)


@operator("Range", domain=MICROSOFT)
class Range(Operator):
    """start, start + delta, ... up to limit."""

    def outputs(self, start: Fact, limit: Fact, delta: Fact | None = None) -> list[Fact]:
        first, last = start.scalar(), limit.scalar()
        step = 1 if delta is None else delta.scalar()
        length: Dim = fresh()
        if (
            isinstance(first, (int, float))
            and isinstance(last, (int, float))
            and isinstance(step, (int, float))
        ):
            length = max(0, math.ceil((last - first) / step)) if step else fresh()
        return [start.of((length,))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One product and one sum for each element."""
        n = outs[0].numel
        return None if n is None else Cost(mults=n, adds=n)


@operator("Inverse", domain=MICROSOFT)
class Inverse(Operator):
    """The inverse of each square matrix of a batch."""

    def outputs(self, x: Fact) -> list[Fact]:
        if x.shape is not None and len(x.shape) > 1:
            agree(x.shape[-2], x.shape[-1], "Inverse needs square matrices, not {a} x {b}")
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Gauss-Jordan elimination of an n x n matrix: n^3 products, n^3 - n^2 sums, n divisions."""
        x = outs[0]
        if x.shape is None or len(x.shape) < 2:
            return None
        n, batch = x.shape[-1], product(x.shape[:-2])
        return Cost(mults=n * n * n, adds=n * n * n - n * n, other=n).times(batch)


@operator("Rfft", domain=MICROSOFT)
class Rfft(Operator):
    """The Fourier transform of real signals over the last ``signal_ndim`` axes; pairs in a new last axis."""

    onesided = attribute.integer(1)
    signal_ndim = attribute.integer(1)

    def outputs(self, x: Fact) -> list[Fact]:
        if not x.shape:
            return [x.of(None)]
        last = x.shape[-1] // 2 + 1 if self.onesided else x.shape[-1]
        return [x.of((*x.shape[:-1], last, 2))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Over one axis the defining sum, 2 products and 2 sums for each of points * bins; else no count."""
        x, y = ins[0], outs[0]
        if x is None or not x.shape or not y.shape or self.signal_ndim != 1:
            return None
        bins = product(y.shape[:-1])
        return Cost(mults=2 * bins * x.shape[-1], adds=2 * bins * (x.shape[-1] - 1))


@operator("Irfft", domain=MICROSOFT)
class Irfft(Operator):
    """Real signals from their spectrum; the pairs of the last axis are consumed."""

    onesided = attribute.integer(1)
    signal_ndim = attribute.integer(1)

    def outputs(self, x: Fact) -> list[Fact]:
        if x.shape is None or len(x.shape) < 2:
            return [x.of(None)]
        bins = x.shape[-2]
        return [x.of((*x.shape[:-2], (bins - 1) * 2 if self.onesided else bins))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Over one axis the defining sum, 2 products and 2 sums for each of points * bins; else no count."""
        x, y = ins[0], outs[0]
        if x is None or x.shape is None or len(x.shape) < 2 or not y.shape or self.signal_ndim != 1:
            return None
        points = product(y.shape)
        return Cost(mults=2 * points * x.shape[-2], adds=2 * points * (x.shape[-2] - 1))


@operator("CDist", domain=MICROSOFT)
class CDist(Operator):
    """Distances between the rows of A and the rows of B."""

    metric = attribute.text("sqeuclidean")

    def outputs(self, a: Fact, b: Fact) -> list[Fact]:
        left, right = dims(a, 2, self.node, 0), dims(b, 2, self.node, 1)
        if left is not None and right is not None:
            agree(left[1], right[1], "CDist compares rows of {a} with rows of {b}")
        return [a.of((left[0] if left else fresh(), right[0] if right else fresh()))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each pair of rows k differences, k squares, k - 1 sums; a root for ``euclidean``."""
        a, n = ins[0], outs[0].numel
        if a is None or not a.shape or n is None:
            return None
        k = a.shape[-1]
        return Cost(mults=n * k, adds=n * (2 * k - 1), other=n if self.metric == "euclidean" else 0)


@operator("BeamSearch", domain=MICROSOFT)
@operator("GreedySearch", domain=MICROSOFT)
@operator("Sampling", domain=MICROSOFT)
@operator("WhisperBeamSearch", domain=MICROSOFT)
class Generation(Operator):
    """A whole decoding loop: its outputs and work depend on the data."""

    def outputs(self, *inputs: Fact | None) -> list[Fact]:
        raise Undetermined("decoding stops where the data says so")
