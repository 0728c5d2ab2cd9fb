"""Gather, Scatter and their kin: elements by index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.errors import ShapeError
from archlint.model import Fact, unknown_dims
from archlint.ops import attribute
from archlint.ops.broadcasting import axis_in
from archlint.ops.content import followed, known_values
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.movement import Movement
from archlint.ops.operator import operator
from archlint.ops.ranges import collapsed
from archlint.symbolic import Dim, fresh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Shape


class Indexing(Movement):
    """Common ground: a constant index must lie inside the axis that it indexes."""

    def check_tuples(self, indices: Fact, sizes: Shape) -> None:
        """Like `check` for tuples of indices in the last axis, one entry for each of ``sizes``."""
        depth = len(sizes)
        if depth and (indices.content is not None or indices.weight is not None):
            values = known_values(indices) or ()
            for axis, size in enumerate(sizes):
                self.check(indices, size, axis, values[axis::depth])

    def check(self, indices: Fact, size: Dim, axis: int, values: Sequence[Any] | None = None) -> None:
        """Raises `ShapeError` ``index-out-of-range`` for a known index outside ``[-size, size - 1]``."""
        if not isinstance(size, int) or (indices.content is None and indices.weight is None):
            return
        for value in (known_values(indices) or ()) if values is None else values:
            if isinstance(value, int) and not -size <= value < size:
                name = self.node.inputs[1]
                message = f"index {value} is outside axis {axis}, whose size is {size}"
                raise ShapeError(
                    "index-out-of-range", message, subject=f"input {name}", index=value, size=size
                )


@operator("Gather")
class Gather(Indexing):
    """Slices of x along ``axis``, one for each index.

    https://onnx.ai/onnx/operators/onnx__Gather.html
    """

    axis = attribute.integer(0)

    def outputs(self, x: Fact, indices: Fact) -> list[Fact]:
        if x.shape is None:
            return [x.of(None)]
        rank = len(x.shape)
        axis = axis_in(self.node, self.axis, rank)
        self.check(indices, x.shape[axis], axis)
        if indices.shape is None:
            return [x.of(None)]
        shape = x.shape[:axis] + indices.shape + x.shape[axis + 1 :]
        if (x.content is None and x.weight is None) or followed(shape, x.dtype) is None:
            return [Fact(x.dtype, shape)]
        places = known_values(indices)
        if places is None or not all(isinstance(p, int) for p in places):
            return [Fact(x.dtype, shape)]
        if rank == 1:
            values = known_values(x)
            return [Fact(x.dtype, shape, values and tuple([values[p] for p in places]))]  # type: ignore[index]
        rows: Any = places
        return [self.arranged(x, shape, lambda a: a.take(rows, axis=axis))]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        """Rows of a table: every column keeps its own interval; ``source`` says embedding."""
        import numpy as np

        x, table, y = ranges[0], ins[0], outs[0]
        if table is None or table.shape is None or y.shape is None or self.axis not in (0, -len(table.shape)):
            return [collapsed([x])]
        source = "embedding" if table.constant and x.source == "graph" else x.source
        rank = len(table.shape)
        ends = []
        for end, extreme in ((x.lo, np.min), (x.hi, np.max)):
            array = np.asarray(end, dtype=float)
            ends.append(extreme(array, axis=0) if array.ndim == rank and array.size else array)
        return [Interval(_plain(ends[0]), _plain(ends[1]), source)]


def _plain(end: Any) -> Any:
    return float(end) if end.ndim == 0 else end


@operator("GatherElements", since=11)
class GatherElements(Indexing):
    """One element of x for each index, along ``axis``.

    https://onnx.ai/onnx/operators/onnx__GatherElements.html
    """

    axis = attribute.integer(0)

    def outputs(self, x: Fact, indices: Fact) -> list[Fact]:
        if x.shape is not None:
            axis = axis_in(self.node, self.axis, len(x.shape))
            if indices.shape is not None and len(indices.shape) != len(x.shape):
                message = f"GatherElements's data has {len(x.shape)} axes, its indices {len(indices.shape)}"
                raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[1]}")
            self.check(indices, x.shape[axis], axis)
            if indices.shape is None:
                return [x.of(unknown_dims(len(x.shape)))]
        return [x.of(indices.shape)]


@operator("GatherND", since=11)
class GatherND(Indexing):
    """Slices of x, one for each tuple of indices in the last axis.

    https://onnx.ai/onnx/operators/onnx__GatherND.html
    """

    batch_dims = attribute.integer(0)

    def outputs(self, x: Fact, indices: Fact) -> list[Fact]:
        if x.shape is None or indices.shape is None or not indices.shape:
            return [x.of(None)]
        depth, batch = indices.shape[-1], self.batch_dims
        if not isinstance(depth, int):
            return [x.of(None)]
        if batch + depth > len(x.shape):
            message = (
                f"GatherND's tuples have {depth} indices behind {batch} batch axes; x has {len(x.shape)} axes"
            )
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[1]}")
        self.check_tuples(indices, x.shape[batch : batch + depth])
        return [x.of(indices.shape[:-1] + x.shape[batch + depth :])]


class Scattering(Indexing):
    """Common ground: x with some elements replaced, added to or multiplied."""

    reduction = attribute.choice("none", "add", "mul", "max", "min")

    def outputs(self, x: Fact, indices: Fact, updates: Fact) -> list[Fact]:
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Nothing, or with a reduction one operation for each update."""
        updates = ins[2]
        n = None if updates is None else updates.numel
        field = {"none": None, "add": "adds", "mul": "mults"}.get(self.reduction, "other")
        if field is None:
            return Cost()
        return None if n is None else Cost(**{field: n})

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        if self.reduction in ("none", "max", "min"):
            return [collapsed([ranges[0], ranges[2]])]
        return [ANY]


@operator("ScatterElements", since=11)
@operator("Scatter", since=9)
class ScatterElements(Scattering):
    """x with one element replaced for each index along ``axis``.

    https://onnx.ai/onnx/operators/onnx__ScatterElements.html
    """

    axis = attribute.integer(0)

    def outputs(self, x: Fact, indices: Fact, updates: Fact) -> list[Fact]:
        if x.shape is not None:
            axis = axis_in(self.node, self.axis, len(x.shape))
            self.check(indices, x.shape[axis], axis)
        return super().outputs(x, indices, updates)


@operator("ScatterND", since=11)
class ScatterND(Scattering):
    """x with a slice replaced for each tuple of indices.

    https://onnx.ai/onnx/operators/onnx__ScatterND.html
    """

    def outputs(self, x: Fact, indices: Fact, updates: Fact) -> list[Fact]:
        depth = indices.shape[-1] if indices.shape else None
        if x.shape is not None and isinstance(depth, int) and depth <= len(x.shape):
            self.check_tuples(indices, x.shape[:depth])
        return super().outputs(x, indices, updates)


@operator("TensorScatter", since=24)
class TensorScatter(Movement):
    """A cache with new steps written into it.

    https://onnx.ai/onnx/operators/onnx__TensorScatter.html
    """

    axis = attribute.integer(-2)

    def outputs(self, past: Fact, update: Fact, write: Fact | None = None) -> list[Fact]:
        return [past.of(past.shape)]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [collapsed(ranges[:2])]


@operator("Compress", since=9)
class Compress(Movement):
    """The slices of x along ``axis`` (of x flattened without one) where the condition is true.

    https://onnx.ai/onnx/operators/onnx__Compress.html
    """

    axis = attribute.optional_integer()

    def outputs(self, x: Fact, condition: Fact) -> list[Fact]:
        values = known_values(condition)
        count: Dim = fresh()
        if values is not None and None not in values:
            count = sum(bool(v) for v in values)
        if self.axis is None:
            return [x.of((count,))]
        if x.shape is None:
            return [x.of(None)]
        axis = axis_in(self.node, self.axis, len(x.shape))
        return [x.of((*x.shape[:axis], count, *x.shape[axis + 1 :]))]


@operator("NonZero", since=9)
class NonZero(Movement):
    """The indices of the elements of x that are not 0, one row for each axis.

    https://onnx.ai/onnx/operators/onnx__NonZero.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        values = known_values(x)
        count: Dim = fresh()
        if values is not None and all(isinstance(v, (int, float)) for v in values):
            count = sum(v != 0 for v in values)
        rank = fresh() if x.shape is None else len(x.shape)
        shape = (rank, count)
        if values is not None and isinstance(count, int) and x.shape is not None:
            import numpy as np

            if followed(shape, "int64") is not None:
                found = np.array([v != 0 for v in values]).reshape(x.shape).nonzero()  # type: ignore[arg-type]
                content = tuple(np.array(found).reshape(-1).tolist())
                return [Fact("int64", shape, content)]
        return [Fact("int64", shape)]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0)]


@operator("Unique", since=11)
class Unique(Movement):
    """The distinct elements of x (or slices along ``axis``), where they are first, and how many.

    https://onnx.ai/onnx/operators/onnx__Unique.html
    """

    axis = attribute.optional_integer()

    def outputs(self, x: Fact) -> list[Fact]:
        count: Dim = fresh()
        values = known_values(x)
        if values is not None and self.axis is None and all(isinstance(v, int) for v in values):
            count = len(set(values))
        first: tuple[Dim, ...]
        back: tuple[Dim, ...]
        if self.axis is None:
            n = x.numel
            if n in (0, 1):
                count = n
            first, back = (count,), (fresh() if n is None else n,)
        elif x.shape is None:
            return [x.of(None), *[Fact("int64", (fresh(),))] * 3]
        else:
            axis = axis_in(self.node, self.axis, len(x.shape))
            first, back = (*x.shape[:axis], count, *x.shape[axis + 1 :]), (x.shape[axis],)
        index = Fact("int64", (count,))
        return [x.of(first), index, Fact("int64", back), index]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [collapsed(ranges), Interval(0.0), Interval(0.0), Interval(1.0)][: len(outs)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Counted as one comparison for each element; the sort behind it is not specified."""
        n = ins[0].numel if ins[0] is not None else None
        return None if n is None else Cost(other=n)


@operator("TopK")
class TopK(Movement):
    """The k largest (or smallest) elements along ``axis``, and where they are.

    https://onnx.ai/onnx/operators/onnx__TopK.html
    """

    axis = attribute.integer(-1)
    k = attribute.optional_integer()

    def outputs(self, x: Fact, k: Fact | None = None) -> list[Fact]:
        wanted = k.scalar() if k is not None else self.k
        if x.shape is None:
            return [x.of(None), Fact("int64")]
        axis = axis_in(self.node, self.axis, len(x.shape))
        size = x.shape[axis]
        if isinstance(wanted, int) and isinstance(size, int) and wanted > size:
            message = f"TopK takes {wanted} of {size} elements on axis {axis}"
            raise ShapeError("attribute-invalid", message, subject="attribute k", k=wanted, size=size)
        dim = fresh() if wanted is None or isinstance(wanted, float) else wanted
        shape = (*x.shape[:axis], dim, *x.shape[axis + 1 :])
        return [x.of(shape), Fact("int64", shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One comparison for each input element: what any selection needs at least."""
        n = ins[0].numel if ins[0] is not None else None
        return None if n is None else Cost(other=n)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [collapsed(ranges[:1]), Interval(0.0)][: len(outs)]
