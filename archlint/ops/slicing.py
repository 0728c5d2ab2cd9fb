"""Slice, Pad, and the arithmetic of one axis that they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.errors import ShapeError
from archlint.model import Fact, unknown_dims
from archlint.ops import attribute
from archlint.ops.broadcasting import axis_in
from archlint.ops.content import followed, known_values
from archlint.ops.interval import Interval
from archlint.ops.movement import Movement
from archlint.ops.operator import operator
from archlint.ops.ranges import collapsed, moved
from archlint.symbolic import Dim, Expr, at_least, ceildiv, fresh, maximum, minimum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Scalar

HUGE = (1 << 31) - 1
"""Ends from here on mean "to the end" in practice, whatever the size is."""

ENDLESS = (HUGE, (1 << 63) - 1)


def slice_size(size: Dim, start: Scalar, end: Scalar, step: Scalar) -> Dim:
    """Elements that ``start:end:step`` takes of an axis of ``size``; unknown while a number is."""
    if end in ENDLESS and isinstance(step, int) and step < 0:
        return fresh()  # numpy takes nothing, onnxruntime everything up to the front
    if isinstance(size, int) and isinstance(start, int) and isinstance(end, int) and isinstance(step, int):
        return len(_positions(size, start, end, step))
    if not isinstance(step, int) or start is None or end is None or isinstance(start, float):
        return fresh()
    if step < 0:
        first, last = _clamped(size, start, step, last=False), _clamped(size, end, step, last=True)
        return fresh() if first is None or last is None else maximum(ceildiv(first - last, -step), 0)
    begin, stop = _from_front(size, start), _from_front(size, end)
    if begin is None or stop is None:
        return fresh()
    return ceildiv(_span(size, begin, stop), step)


def _from_front(size: Dim, at: Any) -> Dim | None:
    """``at`` counted from the front, not yet held inside the axis; None while its sign is open."""
    if isinstance(at, int):
        return size if at >= HUGE else 0 if at <= -HUGE else at + size if at < 0 else at
    if at == size or at_least(at, 0) is True:
        return at  # type: ignore[no-any-return]
    return at + size if at_least(-at, 1) is True else None


def _span(size: Dim, begin: Dim, stop: Dim) -> Dim:
    """Elements between two places of an axis, whose size is never negative."""
    if stop == size:
        if begin == 0:
            return size
        behind = size - begin
        return minimum(behind, size) if at_least(behind, 0) is True else maximum(behind, 0)
    high = maximum(stop, 0) if at_least(size - stop, 0) is True else minimum(maximum(stop, 0), size)
    if begin == 0:
        return high
    low = maximum(begin, 0) if at_least(size - begin, 0) is True else minimum(maximum(begin, 0), size)
    return maximum(high - low, 0)


def _clamped(size: Dim, at: Any, step: int, *, last: bool) -> Dim | None:
    """``at`` counted from the front and held inside the axis, as ONNX does; None when its sign is open."""
    if isinstance(at, Expr):
        if at == size:
            at = size
        elif at_least(at, 0) is True:
            pass
        elif at_least(at, -1) is False or at_least(-at, 1) is True:
            at = at + size
        else:
            return None
    elif at >= HUGE:
        at = size
    elif at <= -HUGE:
        return -1 if step < 0 and last else 0
    elif at < 0:
        at = at + size
    low: Dim = -1 if step < 0 and last else 0
    high: Dim = size - 1 if step < 0 and not last else size
    return minimum(maximum(at, low), high)


def _positions(size: int, start: int, end: int, step: int) -> range:
    """The indices that a slice takes, by ONNX's clamping rules."""
    if step == 0 or size == 0:
        return range(0)
    start = start + size if start < 0 else start
    end = end + size if end < 0 else end
    if step > 0:
        return range(min(max(start, 0), size), min(max(end, 0), size), step)
    return range(min(max(start, 0), size - 1), min(max(end, -1), size), step)


@operator("Slice", since=10)
class Slice(Movement):
    """Every ``steps``-th element from ``starts`` up to ``ends`` of each axis named.

    https://onnx.ai/onnx/operators/onnx__Slice.html
    """

    def outputs(
        self, x: Fact, starts: Fact, ends: Fact, axes: Fact | None = None, steps: Fact | None = None
    ) -> list[Fact]:
        if x.shape is None:
            return [x.of(None)]
        first, last = known_values(starts), known_values(ends)
        count = next(
            (
                f.shape[0]
                for f in (starts, ends, axes, steps)
                if f is not None and f.shape and isinstance(f.shape[0], int)
            ),
            None,
        )
        if axes is None:
            named: tuple[Any, ...] | None = None if count is None else tuple(range(count))
        else:
            named = known_values(axes)
        if named is None or any(not isinstance(a, int) for a in named):
            return [x.of(unknown_dims(len(x.shape)))]
        stride = (1,) * len(named) if steps is None else known_values(steps)
        unknown = (None,) * len(named)
        return [self.sliced(x, first or unknown, last or unknown, named, stride or unknown)]

    def sliced(
        self,
        x: Fact,
        starts: Sequence[Scalar],
        ends: Sequence[Scalar],
        axes: Sequence[Any],
        steps: Sequence[Scalar],
    ) -> Fact:
        """X cut along ``axes``."""
        assert x.shape is not None
        if not len(starts) == len(ends) == len(axes) == len(steps):
            counts = f"{len(starts)}, {len(ends)}, {len(axes)} and {len(steps)}"
            message = f"Slice's starts, ends, axes and steps have {counts} entries"
            raise ShapeError("attribute-invalid", message, subject="input starts")
        dims = list(x.shape)
        for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
            if step == 0:
                raise ShapeError("attribute-invalid", "Slice's step is 0", subject="input steps")
            at = axis_in(self.node, axis, len(dims), name="axes")
            dims[at] = slice_size(x.shape[at], start, end, step)
        fact = Fact(x.dtype, tuple(dims))
        if x.content is None and x.weight is None:
            return fact
        values = known_values(x)
        cut = (*starts, *ends, *steps)
        if (
            values is None
            or followed(fact.shape, x.dtype) is None
            or not all(isinstance(v, int) for v in cut)
        ):
            return fact
        where: list[Any] = [slice(None)] * len(dims)
        for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
            at = axis_in(self.node, axis, len(dims))
            where[at] = list(_positions(x.shape[at], start, end, step))  # type: ignore[arg-type]
        return self.arranged(x, fact.shape, lambda a: _cut(a, where))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        x = ins[0]
        axes = self._static(ins)
        if x is None or x.shape is None or axes is None or any(e in ENDLESS and s < 0 for _, _, e, s in axes):
            return [collapsed(ranges[:1])]
        sizes = x.shape

        def cut(ends: Any) -> Any:
            where: list[Any] = [slice(None)] * len(sizes)
            for axis, start, end, step in axes:
                at = axis + len(sizes) if axis < 0 else axis
                if ends.shape[at] > 1:
                    where[at] = list(_positions(ends.shape[at], start, end, step))
            return _cut(ends, where)

        return [moved(ranges[0], len(sizes), cut)]

    def _static(self, ins: Sequence[Fact | None]) -> list[tuple[int, int, int, int]] | None:
        """(axis, start, end, step) where all are numbers."""
        columns = [known_values(f) for f in ins[1:]]
        if len(columns) < 2 or columns[0] is None or columns[1] is None:
            return None
        count = len(columns[0])
        given = len(ins) > 3 and ins[3] is not None
        axes = columns[2] if given else tuple(range(count))
        steps = columns[3] if len(ins) > 4 and ins[4] is not None else (1,) * count
        return _rows(axes, columns[0], columns[1], steps)


def _rows(*columns: Any) -> list[tuple[int, int, int, int]] | None:
    if any(c is None or not all(isinstance(v, int) for v in c) for c in columns):
        return None
    return list(zip(*columns, strict=False))


def _cut(array: Any, where: list[Any]) -> Any:
    for axis, positions in enumerate(where):
        if not isinstance(positions, slice):
            array = array.take(positions, axis=axis)
    return array


@operator("Slice")
class SliceByAttributes(Slice):
    """The elements from ``starts`` up to ``ends`` of each axis named (before opset 10).

    https://onnx.ai/onnx/operators/onnx__Slice.html
    """

    starts = attribute.integers()
    ends = attribute.integers()
    axes = attribute.integers()

    def outputs(self, x: Fact) -> list[Fact]:  # type: ignore[override]
        if x.shape is None:
            return [x.of(None)]
        starts, ends = self.starts or (), self.ends or ()
        axes = tuple(range(len(starts))) if self.axes is None else self.axes
        return [self.sliced(x, starts, ends, axes, (1,) * len(axes))]

    def _static(self, ins: Sequence[Fact | None]) -> list[tuple[int, int, int, int]] | None:
        starts, ends = self.starts or (), self.ends or ()
        axes = tuple(range(len(starts))) if self.axes is None else self.axes
        return _rows(axes, starts, ends, (1,) * len(axes))


@operator("Pad", since=11)
class Pad(Movement):
    """x with ``pads`` elements added (or, negative, removed) at both ends of each axis named.

    https://onnx.ai/onnx/operators/onnx__Pad.html
    """

    mode = attribute.choice("constant", "reflect", "edge", "wrap")

    def outputs(self, x: Fact, pads: Fact, value: Fact | None = None, axes: Fact | None = None) -> list[Fact]:
        if x.shape is None:
            count = pads.shape[0] if axes is None and pads.shape else None
            return [x.of(unknown_dims(count // 2) if isinstance(count, int) and count <= 128 else None)]
        rank = len(x.shape)
        widths = known_values(pads)
        named = tuple(range(rank)) if axes is None else known_values(axes)
        if named is None or any(not isinstance(a, int) for a in named):
            return [x.of(unknown_dims(rank))]
        places = [axis_in(self.node, a, rank, name="axes") for a in named]  # type: ignore[arg-type]
        if widths is None:
            return [x.of(tuple(fresh() if i in places else d for i, d in enumerate(x.shape)))]
        y = self.padded(x, widths, places, subject=f"input {self.node.inputs[1]}")
        if self.mode == "constant" and (x.content is not None or x.weight is not None):
            fill = known_values(value)
            filling = 0 if value is None else fill[0] if fill else None
            return [self._filled(x, y, widths, places, filling)]
        return [y]

    def padded(self, x: Fact, widths: Sequence[Scalar], axes: Sequence[int], *, subject: str) -> Fact:
        """X widened along ``axes``; ``widths`` holds all the beginnings, then all the ends."""
        assert x.shape is not None
        if len(widths) != 2 * len(axes):
            message = f"Pad needs two pads for each of {len(axes)} axes, gets {len(widths)}"
            raise ShapeError("attribute-invalid", message, subject=subject)
        dims = list(x.shape)
        for i, axis in enumerate(axes):
            before, after = widths[i], widths[i + len(axes)]
            if before is None or after is None or isinstance(before, float) or isinstance(after, float):
                dims[axis] = fresh()
                continue
            dims[axis] = x.shape[axis] + before + after
            if at_least(dims[axis], 0) is False:
                message = f"Pad removes {-(before + after)} of {x.shape[axis]} elements on axis {axis}"
                raise ShapeError("attribute-invalid", message, subject=subject)
        return Fact(x.dtype, tuple(dims))

    def _filled(self, x: Fact, y: Fact, widths: Sequence[Scalar], axes: Sequence[int], fill: Scalar) -> Fact:
        values = known_values(x)
        if (
            values is None
            or followed(y.shape, x.dtype) is None
            or not all(isinstance(w, int) for w in widths)
        ):
            return y
        import numpy as np

        index = np.arange(len(values)).reshape(x.shape)  # type: ignore[arg-type]
        for i, axis in enumerate(axes):
            before, after = int(widths[i]), int(widths[i + len(axes)])  # type: ignore[arg-type]
            room = [(0, 0)] * index.ndim
            room[axis] = (max(before, 0), max(after, 0))
            index = np.pad(index, room, constant_values=-1)
            index = index.take(range(max(-before, 0), index.shape[axis] - max(-after, 0)), axis=axis)
        content = tuple(fill if i < 0 else values[i] for i in index.reshape(-1).tolist())
        return Fact(y.dtype, y.shape, content)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        x = collapsed(ranges[:1])
        if self.mode != "constant":
            return [x]
        return [collapsed([x, ranges[2] if len(ranges) > 2 and ins[2] is not None else Interval(0.0, 0.0)])]


@operator("Pad")
class PadByAttribute(Pad):
    """x with ``pads`` elements added at both ends of each axis (before opset 11).

    https://onnx.ai/onnx/operators/onnx__Pad.html
    """

    pads = attribute.integers()
    paddings = attribute.integers()
    value = attribute.number(0.0)

    def outputs(self, x: Fact) -> list[Fact]:  # type: ignore[override]
        widths = self.pads if self.pads is not None else self.paddings
        if x.shape is None:
            return [x.of(None if widths is None else unknown_dims(len(widths) // 2))]
        axes = range(len(x.shape))
        return [self.padded(x, widths or (0,) * 2 * len(axes), axes, subject="attribute pads")]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        x = collapsed(ranges[:1])
        return [x if self.mode != "constant" else collapsed([x, Interval(self.value, self.value)])]


@operator("CenterCropPad", since=18)
class CenterCropPad(Movement):
    """x cropped or padded with zeros around its centre to the sizes given.

    https://onnx.ai/onnx/operators/onnx__CenterCropPad.html
    """

    axes = attribute.integers()

    def outputs(self, x: Fact, shape: Fact) -> list[Fact]:
        sizes = known_values(shape)
        if x.shape is None:
            if self.axes is not None or sizes is None:
                return [x.of(None)]
            return [x.of(tuple(_size(v) for v in sizes))]
        rank = len(x.shape)
        axes = (
            range(rank)
            if self.axes is None
            else [axis_in(self.node, a, rank, name="axes") for a in self.axes]
        )
        dims = list(x.shape)
        if sizes is not None and len(sizes) != len(axes):
            message = f"CenterCropPad has {len(axes)} axes and {len(sizes)} sizes"
            raise ShapeError("attribute-invalid", message, subject=f"input {self.node.inputs[1]}")
        for i, axis in enumerate(axes):
            dims[axis] = fresh() if sizes is None else _size(sizes[i])
        return [x.of(tuple(dims))]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [collapsed([ranges[0], Interval(0.0, 0.0)])]


def _size(value: Scalar) -> Dim:
    return fresh() if value is None or isinstance(value, float) else value
