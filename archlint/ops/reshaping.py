"""Shape and size of tensors, and the same elements under another shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.errors import ShapeError
from archlint.model import Fact, shape_text, unknown_dims
from archlint.ops import attribute
from archlint.ops.broadcasting import axis_in
from archlint.ops.content import known_values
from archlint.ops.interval import Interval
from archlint.ops.movement import Movement
from archlint.ops.operator import operator
from archlint.ops.ranges import collapsed, moved
from archlint.symbolic import Dim, Expr, at_least, bounds, compare, divide_exact, floordiv, fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Shape


@operator("Shape")
class ShapeOf(Movement):
    """The sizes of x, from axis ``start`` up to ``end``, as int64.

    https://onnx.ai/onnx/operators/onnx__Shape.html
    """

    start = attribute.integer(0)
    end = attribute.optional_integer()

    def outputs(self, x: Fact) -> list[Fact]:
        if x.shape is None:
            return [Fact("int64", (fresh(),))]
        part = x.shape
        if self.attrs:
            rank = len(part)
            start, end = self.start, rank if self.end is None else self.end
            start = min(max(start + rank if start < 0 else start, 0), rank)
            end = min(max(end + rank if end < 0 else end, 0), rank)
            part = part[start:end] if start < end else ()
        return [Fact("int64", (len(part),), part)]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [sizes(outs[0])]


@operator("Size")
class Size(Movement):
    """The number of elements of x, as int64.

    https://onnx.ai/onnx/operators/onnx__Size.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        n = x.numel
        return [Fact("int64", (), None if n is None else (n,))]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [sizes(outs[0])]


def sizes(fact: Fact) -> Interval:
    """The interval of a tensor of sizes: never negative, and its numbers where they are known."""
    if not fact.content:
        return Interval(0.0)
    ends = [bounds(v) if isinstance(v, (int, Expr)) else (0, None) for v in fact.content]
    lo = min(0 if low is None else low for low, _ in ends)
    hi = None if any(high is None for _, high in ends) else max(high or 0 for _, high in ends)
    return Interval(float(lo), float("inf") if hi is None else float(hi))


class Reshaping(Movement):
    """Common ground of operators that keep every element in its place of the row-major order."""

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        x, shape = ranges[0], outs[0].shape
        if ins[0] is None or shape is None or ins[0].rank is None:
            return [collapsed([x])]
        return [moved(x, ins[0].rank, lambda a: _refit(a, ins[0], shape))]


def _refit(ends: Any, x: Fact | None, shape: Shape) -> Any:
    """Array ends of x under the new shape; raises ValueError where they do not carry over."""
    old = () if x is None or x.shape is None else x.shape
    varying = [i for i, n in enumerate(ends.shape) if n > 1]
    if not varying:
        return ends.reshape(())
    if len(varying) == 1:
        # one axis varies: it survives where the same size stands behind an equal number of elements
        at = varying[0]
        behind = product(old[at + 1 :])
        for i, dim in enumerate(shape):
            if dim == old[at] and product(shape[i + 1 :]) == behind:
                return ends.reshape((-1,) + (1,) * (len(shape) - i - 1))
    if ends.shape == tuple(old):
        return ends.reshape(shape)
    raise ValueError


@operator("Reshape", since=5)
class Reshape(Reshaping):
    """The elements of x under the shape given as an input: 0 copies a size, -1 is what is left.

    https://onnx.ai/onnx/operators/onnx__Reshape.html
    """

    allowzero = attribute.integer(0)

    def outputs(self, x: Fact, shape: Fact) -> list[Fact]:
        target = known_values(shape)
        if target is None:
            rank = shape.shape[0] if shape.shape is not None and len(shape.shape) == 1 else None
            if not isinstance(rank, int) or rank > 64:
                return [x.of(None)]
            target = (None,) * rank
        subject = f"input {self.node.inputs[1]}" if len(self.node.inputs) > 1 else "attribute shape"
        if self.allowzero and 0 in target and -1 in target:
            message = "with allowzero a shape cannot hold both 0 and -1: what is left cannot be told"
            raise ShapeError("reshape-element-count", message, subject=subject)
        dims = resolve(x.shape, target, subject=subject, allowzero=bool(self.allowzero))
        return [self.kept(x, dims)]


@operator("Reshape")
class ReshapeByAttribute(Reshaping):
    """The elements of x under the attribute ``shape`` (before opset 5).

    https://onnx.ai/onnx/operators/onnx__Reshape.html
    """

    shape = attribute.integers()

    def outputs(self, x: Fact) -> list[Fact]:
        return [self.kept(x, resolve(x.shape, self.shape or (), subject="attribute shape"))]


def resolve(
    old: Shape | None, target: Sequence[Any], *, subject: str, allowzero: bool = False
) -> tuple[Dim, ...]:
    """The shape that Reshape makes of ``old`` and ``target``, None in it being an unknown number.

    Raises `ShapeError` ``reshape-element-count`` when the numbers of elements differ.
    """
    open_at: int | None = None
    gaps = 0
    dims: list[Dim] = []
    for i, wanted in enumerate(target):
        if wanted is None:
            gaps += 1
            dims.append(fresh())
            open_at = i if gaps == 1 else None
        elif isinstance(wanted, Expr):
            dims.append(wanted)
        elif wanted > 0 or (wanted == 0 and allowzero):
            dims.append(int(wanted))
        elif wanted == 0:
            if old is not None and i >= len(old):
                message = f"0 at place {i} copies axis {i}, but the input has {len(old)} axes"
                raise ShapeError("reshape-element-count", message, subject=subject)
            dims.append(fresh() if old is None else old[i])
        elif wanted == -1:
            if -1 in target[:i]:
                message = f"only one size of a shape may be -1, {list(target).count(-1)} are"
                raise ShapeError("reshape-element-count", message, subject=subject)
            gaps += 1
            dims.append(fresh())
            open_at = i if gaps == 1 else None
        else:
            raise ShapeError("attribute-invalid", f"a shape cannot hold {wanted}", subject=subject)
    if old is None:
        return tuple(dims)
    if gaps > 1:
        return tuple(dims)
    if open_at is None:
        _check_count(old, tuple(dims), subject)
        return tuple(dims)
    rest = [d for i, d in enumerate(dims) if i != open_at]
    found = _missing(list(old), rest, old, target, subject)
    if found is not None:
        dims[open_at] = found
    return tuple(dims)


def _missing(have: list[Dim], rest: list[Dim], old: Shape, target: Sequence[Any], subject: str) -> Dim | None:
    """What is left of the elements of ``have`` when ``rest`` is divided out; None when unknown."""
    for dim in list(rest):
        # a size that stands on both sides cancels, whatever it is, unless it can be 0
        if dim in have and (not isinstance(dim, int) or dim != 0):
            have.remove(dim)
            rest.remove(dim)
    total, known = product(have), product(rest)
    if known == 1:
        return total
    if known == 0:
        return None
    exact = divide_exact(total, known)
    if exact is not None:
        return exact
    if isinstance(total, int) and isinstance(known, int):
        wanted = "[" + ", ".join("?" if v is None else str(v) for v in target) + "]"
        message = (
            f"Reshape cannot make {wanted} of {shape_text(old)}: "
            f"{product(old)} elements are not a multiple of {product(_numbers(target, old))}"
        )
        raise ShapeError("reshape-element-count", message, subject=subject, elements=product(old))
    return floordiv(total, known) if at_least(known, 1) is not False else None


def _numbers(target: Sequence[Any], old: Shape) -> list[Dim]:
    return [old[i] if v == 0 else v for i, v in enumerate(target) if v is not None and v != -1]


def _check_count(old: Shape, new: Shape, subject: str) -> None:
    have, want = product(old), product(new)
    if compare(have, want) in (-1, 1):
        message = f"Reshape cannot make {shape_text(new)} ({want} elements) of {shape_text(old)} ({have})"
        raise ShapeError("reshape-element-count", message, subject=subject, elements=have, wanted=want)


@operator("Flatten")
class Flatten(Reshaping):
    """x as a matrix: the sizes before ``axis`` and those from it on, multiplied.

    https://onnx.ai/onnx/operators/onnx__Flatten.html
    """

    axis = attribute.integer(1)

    def outputs(self, x: Fact) -> list[Fact]:
        if x.shape is None:
            return [x.of(unknown_dims(2))]
        axis = axis_in(self.node, self.axis, len(x.shape), inclusive=True)
        return [self.kept(x, (product(x.shape[:axis]), product(x.shape[axis:])))]


def _axes(given: Fact | None) -> tuple[int, ...] | None:
    """The axes from an input; None when they are unknown."""
    values = known_values(given)
    if values is None or any(not isinstance(v, int) for v in values):
        return None
    return tuple(int(v) for v in values)  # type: ignore[arg-type]


def _count(given: Fact | None) -> int | None:
    """How many axes an input of unknown contents names."""
    if given is None or given.shape is None or len(given.shape) > 1:
        return None
    if not given.shape:
        return 1
    return given.shape[0] if isinstance(given.shape[0], int) else None


@operator("Squeeze", since=13)
class Squeeze(Reshaping):
    """x without the axes named, or without every axis of size 1.

    https://onnx.ai/onnx/operators/onnx__Squeeze.html
    """

    def outputs(self, x: Fact, axes: Fact | None = None) -> list[Fact]:
        named = _axes(axes)
        if axes is not None and named is None:
            count = _count(axes)
            if x.shape is None or count is None or count > len(x.shape):
                return [x.of(None)]
            return [x.of(_without_ones(x.shape, count))]
        return [self.squeezed(x, named)]

    def squeezed(self, x: Fact, axes: tuple[int, ...] | None) -> Fact:
        """X without ``axes``; raises `ShapeError` when one of them is not of size 1."""
        if x.shape is None:
            return x.of(None)
        rank = len(x.shape)
        if axes is None:
            if any(isinstance(d, Expr) and _may_be_one(d) for d in x.shape):
                return x.of(None)
            return self.kept(x, tuple(d for d in x.shape if d != 1))
        drop = {axis_in(self.node, a, rank, name="axes") for a in axes}
        for a in sorted(drop):
            dim = x.shape[a]
            if isinstance(dim, int) and dim != 1:
                message = f"Squeeze removes axis {a}, whose size is {dim}, not 1"
                raise ShapeError(
                    "shape-mismatch", message, subject=f"input {self.node.inputs[0]}", axis=a, size=dim
                )
        return self.kept(x, tuple([d for i, d in enumerate(x.shape) if i not in drop]))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return super().bounds(ranges[:1], ins, outs)


def _without_ones(shape: Shape, count: int) -> Shape:
    """``shape`` without ``count`` unnamed axes of size 1: known when no other axis can be meant."""
    single = [i for i, d in enumerate(shape) if d == 1 or (isinstance(d, Expr) and _may_be_one(d))]
    if len(single) == count:
        return tuple(d for i, d in enumerate(shape) if i not in single)
    return unknown_dims(len(shape) - count)


def _may_be_one(dim: Expr) -> bool:
    low, high = bounds(dim)
    return not ((low is not None and low > 1) or (high is not None and high < 1))


@operator("Squeeze")
class SqueezeByAttribute(Squeeze):
    """x without the axes named by the attribute (before opset 13).

    https://onnx.ai/onnx/operators/onnx__Squeeze.html
    """

    axes = attribute.integers()

    def outputs(self, x: Fact) -> list[Fact]:  # type: ignore[override]
        return [self.squeezed(x, self.axes)]


@operator("Unsqueeze", since=13)
class Unsqueeze(Reshaping):
    """x with axes of size 1 put in at the places named, which count in the result.

    https://onnx.ai/onnx/operators/onnx__Unsqueeze.html
    """

    def outputs(self, x: Fact, axes: Fact) -> list[Fact]:
        named = _axes(axes)
        if named is None:
            count = _count(axes)
            known = x.shape is not None and count is not None
            return [x.of(unknown_dims(len(x.shape or ()) + (count or 0)) if known else None)]
        return [self.unsqueezed(x, named)]

    def unsqueezed(self, x: Fact, axes: tuple[int, ...]) -> Fact:
        """X with an axis of size 1 at each of ``axes``."""
        if x.shape is None:
            return x.of(None)
        rank = len(x.shape) + len(axes)
        places = {axis_in(self.node, a, rank, name="axes") for a in axes}
        if len(places) < len(axes):
            message = f"Unsqueeze names an axis twice: {list(axes)}"
            raise ShapeError("attribute-invalid", message, subject="attribute axes")
        old = iter(x.shape)
        return self.kept(x, tuple([1 if i in places else next(old) for i in range(rank)]))


@operator("Unsqueeze")
class UnsqueezeByAttribute(Unsqueeze):
    """x with axes of size 1 put in at the places the attribute names (before opset 13).

    https://onnx.ai/onnx/operators/onnx__Unsqueeze.html
    """

    axes = attribute.integers()

    def outputs(self, x: Fact) -> list[Fact]:  # type: ignore[override]
        return [self.unsqueezed(x, self.axes or ())]
