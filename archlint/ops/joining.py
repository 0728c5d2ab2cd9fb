"""Tensors put together, taken apart, repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.errors import ShapeError
from archlint.model import Fact, unknown_dims
from archlint.ops import attribute
from archlint.ops.broadcasting import axis_in, broadcast_shapes, same_shape
from archlint.ops.content import followed, known_values
from archlint.ops.interval import Interval
from archlint.ops.movement import Movement
from archlint.ops.operator import operator
from archlint.ops.ranges import collapsed, weakest
from archlint.symbolic import Dim, Expr, at_least, ceildiv, divide_exact, floordiv, fresh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Scalar


@operator("Concat", since=4)
class Concat(Movement):
    """The inputs one behind the other along ``axis``; all other sizes agree.

    https://onnx.ai/onnx/operators/onnx__Concat.html
    """

    axis = attribute.optional_integer()
    implied: int | None = None

    def outputs(self, *inputs: Fact) -> list[Fact]:
        if not inputs:
            raise ShapeError("input-count", "Concat needs at least one input, gets none")
        axis = self.implied if self.axis is None else self.axis
        if axis is None:
            raise ShapeError("attribute-invalid", "Concat has no axis", subject="attribute axis")
        dtype = next((f.dtype for f in inputs if f.dtype is not None), None)
        rank = next((len(f.shape) for f in inputs if f.shape is not None), None)
        if rank is None:
            return [Fact(dtype)]
        at = axis_in(self.node, axis, rank)
        dims = same_shape(self.node, inputs, except_axis=at)
        assert dims is not None
        total: Dim = 0
        for fact in inputs:
            total = fresh() if fact.shape is None else total + fact.shape[at]
            if fact.shape is None:
                break
        dims[at] = total
        shape = tuple(dims)
        return [Fact(dtype, shape, _joined(inputs, shape, at, dtype))]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        """One interval for each place of the axis, where its size is a number."""
        import numpy as np

        y, axis = outs[0], self.implied if self.axis is None else self.axis
        if (
            y.shape is None
            or axis is None
            or len({(r.least(), r.greatest()) for r in ranges if np.size(r.lo)}) == 1
        ):
            return [collapsed(ranges)]
        at = axis_in(self.node, axis, len(y.shape))
        lows: list[Any] = []
        highs: list[Any] = []
        for r, fact in zip(ranges, ins, strict=True):
            size = None if fact is None or fact.shape is None else fact.shape[at]
            if not isinstance(size, int) or size > 4096:
                return [collapsed(ranges)]
            for ends, end, extreme in ((lows, r.lo, np.min), (highs, r.hi, np.max)):
                array = np.asarray(end, dtype=float)
                array = array.reshape((1,) * (len(y.shape) - array.ndim) + array.shape)
                others = tuple(i for i in range(array.ndim) if i != at)
                ends.append(np.broadcast_to(extreme(array, axis=others), (size,)))
        form = (-1,) + (1,) * (len(y.shape) - at - 1)
        return [
            Interval(np.concatenate(lows).reshape(form), np.concatenate(highs).reshape(form), weakest(ranges))
        ]


def _joined(inputs: Sequence[Fact], shape: tuple[Dim, ...], at: int, dtype: str | None) -> Any:
    if all(f.content is None for f in inputs) and any(f.content is None and f.weight is None for f in inputs):
        return None
    if followed(shape, dtype) is None:
        return None
    columns = [known_values(f) for f in inputs]
    if len(shape) == 1:
        joined: list[Scalar] = []
        for fact, values in zip(inputs, columns, strict=True):
            size = fact.shape[0] if fact.shape is not None else None
            if values is None:
                if not isinstance(size, int):
                    return None
                values = (None,) * size  # noqa: PLW2901
            joined += values
        return tuple(joined)
    if any(c is None for c in columns):
        return None
    import numpy as np

    every: list[Scalar] = []
    parts = []
    for fact, values in zip(inputs, columns, strict=True):
        parts.append(np.arange(len(every), len(every) + len(values or ())).reshape(fact.shape))  # type: ignore[arg-type]
        every += values or ()
    return tuple(every[i] for i in np.concatenate(parts, axis=at).reshape(-1).tolist())


@operator("Concat")
class ConcatOnOne(Concat):
    """The inputs one behind the other along ``axis``, 1 unless given (before opset 4).

    https://onnx.ai/onnx/operators/onnx__Concat.html
    """

    implied = 1


@operator("Split", since=13)
class Split(Movement):
    """x cut along ``axis`` into parts of the sizes given, or of equal size.

    From opset 18 on ``num_outputs`` parts of the rounded-up size, the last one smaller; before, the
    size must divide. https://onnx.ai/onnx/operators/onnx__Split.html
    """

    axis = attribute.integer(0)
    num_outputs = attribute.optional_integer()

    def outputs(self, x: Fact, split: Fact | None = None) -> list[Fact]:
        parts = len(self.node.outputs)
        if x.shape is None:
            return [x.of(None)] * parts
        axis = axis_in(self.node, self.axis, len(x.shape))
        if split is None:
            return self.cut(x, axis, self.equal(x.shape[axis], parts))
        sizes = known_values(split)
        if sizes is None:
            sizes = (None,) * parts
        return self.cut(x, axis, self.given(x.shape[axis], sizes))

    def given(self, size: Dim, sizes: Sequence[Scalar]) -> list[Scalar]:
        """The sizes asked for; raises `ShapeError` when they are not as many or do not sum up."""
        parts = len(self.node.outputs)
        if len(sizes) != parts:
            message = f"Split has {parts} outputs and {len(sizes)} sizes"
            raise ShapeError("attribute-invalid", message, subject="attribute split")
        numbers = [int(v) for v in sizes if isinstance(v, int)]
        if len(numbers) == parts:
            if min(numbers, default=0) < 0:
                message = f"Split cannot make a part of size {min(numbers)}"
                raise ShapeError("attribute-invalid", message, subject="attribute split")
            if isinstance(size, int) and sum(numbers) != size:
                message = f"Split's sizes sum to {sum(numbers)}, the axis has {size}"
                raise ShapeError(
                    "shape-mismatch", message, subject="attribute split", expected=size, actual=sum(numbers)
                )
        elif sum(v is None for v in sizes) == 1 and len(numbers) == parts - 1:
            return [size - sum(numbers) if v is None else v for v in sizes]
        return list(sizes)

    def equal(self, size: Dim, parts: int) -> list[Scalar]:
        """Sizes of ``parts`` equal parts."""
        if self.opset >= 18:
            if self.num_outputs is not None and self.num_outputs != parts:
                message = f"Split has {parts} outputs and num_outputs {self.num_outputs}"
                raise ShapeError("attribute-invalid", message, subject="attribute num_outputs")
            if self.num_outputs is None and not (isinstance(size, int) and size % parts == 0):
                return [None] * parts
            part = ceildiv(size, parts)
            last = size - part * (parts - 1)
            if at_least(last, 0) is False:
                return [None] * parts
            return [*[part] * (parts - 1), last]
        if isinstance(size, int) and size % parts:
            message = f"Split cannot cut {size} into {parts} equal parts"
            raise ShapeError("shape-mismatch", message, subject="attribute axis", size=size, parts=parts)
        exact = divide_exact(size, parts)
        return [floordiv(size, parts) if exact is None else exact] * parts

    def cut(self, x: Fact, axis: int, sizes: Sequence[Scalar]) -> list[Fact]:
        """The parts of x; contents follow where sizes are numbers."""
        assert x.shape is not None
        facts: list[Fact] = []
        at: int | None = 0
        for size in sizes:
            dim: Dim = fresh() if size is None or isinstance(size, float) else size
            shape = (*x.shape[:axis], dim, *x.shape[axis + 1 :])
            if at is not None and isinstance(dim, int) and _inside(at + dim, x.shape[axis]) and _followed(x):
                places = range(at, at + dim)
                facts.append(self.arranged(x, shape, lambda a, p=places: a.take(p, axis=axis)))  # type: ignore[misc]
                at += dim
            else:
                facts.append(Fact(x.dtype, shape))
                at = None
        return facts

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        import numpy as np

        x, fact = ranges[0], ins[0]
        whole = [collapsed([x])] * len(outs)
        if fact is None or fact.shape is None or not (np.ndim(x.lo) or np.ndim(x.hi)):
            return whole
        axis, rank, found, at = axis_in(self.node, self.axis, len(fact.shape)), len(fact.shape), [], 0
        for y in outs:
            size = None if y.shape is None else y.shape[axis]
            if not isinstance(size, int):
                return whole
            ends = []
            for end in (x.lo, x.hi):
                array = np.asarray(end)
                array = array.reshape((1,) * (rank - array.ndim) + array.shape)
                ends.append(array if array.shape[axis] == 1 else array.take(range(at, at + size), axis=axis))
            found.append(Interval(ends[0], ends[1], x.source))
            at += size
        return found


def _inside(end: int, size: Dim) -> bool:
    return isinstance(size, int) and end <= size


def _followed(x: Fact) -> bool:
    return x.content is not None or x.weight is not None


@operator("Split", since=2)
class SplitByAttribute(Split):
    """x cut along ``axis`` into parts of the sizes that the attribute names (before opset 13).

    https://onnx.ai/onnx/operators/onnx__Split.html
    """

    split = attribute.integers()

    def outputs(self, x: Fact, late: Fact | None = None) -> list[Fact]:
        parts = len(self.node.outputs)
        if x.shape is None:
            return [x.of(None)] * parts
        axis = axis_in(self.node, self.axis, len(x.shape))
        size = x.shape[axis]
        if self.split is not None:
            return self.cut(x, axis, self.given(size, self.split))
        if late is not None:
            values = known_values(late)
            return self.cut(x, axis, self.given(size, values or (None,) * parts))
        return self.cut(x, axis, self.equal(size, parts))


@operator("Split", since=1)
class SplitOfOpset1(SplitByAttribute):
    """x cut along ``axis`` by an attribute or an input of sizes (opset 1).

    https://onnx.ai/onnx/operators/onnx__Split.html
    """


@operator("Expand", since=8)
class Expand(Movement):
    """x broadcast against the shape given.

    https://onnx.ai/onnx/operators/onnx__Expand.html
    """

    def outputs(self, x: Fact, shape: Fact) -> list[Fact]:
        sizes = known_values(shape)
        if sizes is None:
            if x.shape is None or shape.shape is None or len(shape.shape) != 1:
                return [x.of(None)]
            count = shape.shape[0]
            if not isinstance(count, int) or count > 64:
                return [x.of(None)]
            sizes = (None,) * count
        for size in sizes:
            if isinstance(size, int) and size < 0:
                message = f"Expand cannot make an axis of size {size}"
                raise ShapeError("attribute-invalid", message, subject=f"input {self.node.inputs[1]}")
        target = tuple(fresh() if v is None or isinstance(v, float) else v for v in sizes)
        y = broadcast_shapes(self.node, (x, Fact("int64", target)))
        fact = Fact(x.dtype, y)
        if x.content is None and x.weight is None:
            return [fact]
        return [self.arranged(x, y, lambda a: _broadcast(a, y))]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [ranges[0]]


def _broadcast(array: Any, shape: Any) -> Any:
    import numpy as np

    return np.broadcast_to(array, shape)


@operator("Tile", since=6)
class Tile(Movement):
    """x repeated along each axis.

    https://onnx.ai/onnx/operators/onnx__Tile.html
    """

    def outputs(self, x: Fact, repeats: Fact) -> list[Fact]:
        counts = known_values(repeats)
        if x.shape is None:
            if counts is not None:
                return [x.of(unknown_dims(len(counts)))]
            n = repeats.shape[0] if repeats.shape else None
            return [x.of(unknown_dims(n) if isinstance(n, int) and n <= 64 else None)]
        if counts is None:
            return [x.of(unknown_dims(len(x.shape)))]
        if len(counts) != len(x.shape):
            message = f"Tile has {len(counts)} repeats for {len(x.shape)} axes"
            raise ShapeError("attribute-invalid", message, subject=f"input {self.node.inputs[1]}")
        if any(isinstance(c, int) and c < 0 for c in counts):
            message = f"Tile cannot repeat {min(c for c in counts if isinstance(c, int))} times"
            raise ShapeError("attribute-invalid", message, subject=f"input {self.node.inputs[1]}")
        shape = tuple(
            fresh() if c is None or isinstance(c, float) else d * c
            for d, c in zip(x.shape, counts, strict=True)
        )
        if x.content is None and x.weight is None:
            return [Fact(x.dtype, shape)]
        if any(isinstance(c, Expr) or c is None for c in counts):
            return [Fact(x.dtype, shape)]
        return [self.arranged(x, shape, lambda a: _tile(a, counts))]


def _tile(array: Any, counts: Any) -> Any:
    import numpy as np

    return np.tile(array, counts)


@operator("Tile")
class TileOneAxis(Movement):
    """x repeated ``tiles`` times along one axis (before opset 6).

    https://onnx.ai/onnx/operators/onnx__Tile.html
    """

    def outputs(self, x: Fact, tiles: Fact, axis: Fact) -> list[Fact]:
        if x.shape is None:
            return [x.of(None)]
        at, count = axis.scalar(), tiles.scalar()
        if not isinstance(at, (int, float)):
            return [x.of(unknown_dims(len(x.shape)))]
        place = axis_in(self.node, int(at), len(x.shape))
        dims = list(x.shape)
        dims[place] = (
            dims[place] * (int(count) if isinstance(count, float) else count)
            if count is not None
            else fresh()
        )
        return [x.of(tuple(dims))]
