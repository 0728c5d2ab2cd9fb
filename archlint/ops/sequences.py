"""Sequences and optionals: values that hold tensors, or hold nothing."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from archlint.errors import ShapeError, Undetermined
from archlint.model import UNKNOWN, Fact
from archlint.ops import attribute
from archlint.ops.broadcasting import axis_in
from archlint.ops.content import known_values
from archlint.ops.interval import ANY, Interval
from archlint.ops.merging import merge
from archlint.ops.movement import Movement
from archlint.ops.operator import operator
from archlint.symbolic import Dim, fresh, symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.ops.cost import Cost

MAX_ITEMS = 256
"""Elements of a sequence that are followed one by one."""


def sequence(items: Sequence[Fact]) -> Fact:
    """The fact of a sequence of known elements."""
    element = reduce(merge, items) if items else None
    return Fact(kind="sequence", element=element, items=tuple(items) if len(items) <= MAX_ITEMS else None)


def several(element: Fact | None) -> Fact:
    """The fact of a sequence of unknown length."""
    return Fact(kind="sequence", element=element)


class Sequenced(Movement):
    """Common ground: nothing is known of values inside sequences."""

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [ANY] * len(outs)


@operator("SequenceEmpty", since=11)
class SequenceEmpty(Sequenced):
    """A sequence of no tensors.

    https://onnx.ai/onnx/operators/onnx__SequenceEmpty.html
    """

    def outputs(self) -> list[Fact]:
        return [sequence(())]


@operator("SequenceConstruct", since=11)
class SequenceConstruct(Sequenced):
    """A sequence of the inputs.

    https://onnx.ai/onnx/operators/onnx__SequenceConstruct.html
    """

    def outputs(self, *inputs: Fact) -> list[Fact]:
        return [sequence(inputs)]


def _position(items: tuple[Fact, ...] | None, position: Fact | None, *, insert: bool = False) -> int | None:
    """The place that a position means, where both are known; raises when it is outside."""
    at: Any = -1 if position is None else position.scalar()
    if items is None or not isinstance(at, int):
        return None
    size = len(items)
    if insert and position is None:
        return size
    if not -size <= at < size + insert:
        message = f"position {at} is outside a sequence of {size}"
        raise ShapeError("index-out-of-range", message, subject="input position", index=at, size=size)
    return at + size if at < 0 else at


@operator("SequenceInsert", since=11)
class SequenceInsert(Sequenced):
    """A sequence with a tensor put in, at the end unless a position is given.

    https://onnx.ai/onnx/operators/onnx__SequenceInsert.html
    """

    def outputs(self, before: Fact, tensor: Fact, position: Fact | None = None) -> list[Fact]:
        at = _position(before.items, position, insert=True)
        if before.items is not None and at is not None:
            return [sequence((*before.items[:at], tensor, *before.items[at:]))]
        known = before.items == () or before.element is not None
        element = tensor if before.element is None else merge(before.element, tensor)
        return [several(element if known else None)]


@operator("SequenceErase", since=11)
class SequenceErase(Sequenced):
    """A sequence with a tensor taken out, the last unless a position is given.

    https://onnx.ai/onnx/operators/onnx__SequenceErase.html
    """

    def outputs(self, before: Fact, position: Fact | None = None) -> list[Fact]:
        at = _position(before.items, position)
        if before.items is None or at is None:
            return [several(before.element)]
        return [sequence((*before.items[:at], *before.items[at + 1 :]))]


@operator("SequenceAt", since=11)
class SequenceAt(Sequenced):
    """The tensor at a position of a sequence.

    https://onnx.ai/onnx/operators/onnx__SequenceAt.html
    """

    def outputs(self, before: Fact, position: Fact) -> list[Fact]:
        at = _position(before.items, position)
        if before.items is not None and at is not None:
            return [before.items[at]]
        return [_unlinked(before.element or UNKNOWN)]


def _unlinked(fact: Fact) -> Fact:
    """Any one element: an unknown size of it is its own."""
    from archlint.symbolic import is_known

    if fact.shape is None:
        return fact
    return fact.of(tuple(d if is_known(d) else fresh() for d in fact.shape))


@operator("SequenceLength", since=11)
class SequenceLength(Sequenced):
    """How many tensors a sequence holds.

    https://onnx.ai/onnx/operators/onnx__SequenceLength.html
    """

    def outputs(self, before: Fact) -> list[Fact]:
        return [Fact("int64", (), None if before.items is None else (len(before.items),))]


@operator("SplitToSequence", since=11)
class SplitToSequence(Sequenced):
    """x cut along ``axis`` into a sequence: slices of the sizes given, of one size, or of size 1.

    https://onnx.ai/onnx/operators/onnx__SplitToSequence.html
    """

    axis = attribute.integer(0)
    keepdims = attribute.integer(1)

    def outputs(self, x: Fact, split: Fact | None = None) -> list[Fact]:
        if x.shape is None:
            return [several(x.of(None))]
        axis = axis_in(self.node, self.axis, len(x.shape))
        sizes = self._sizes(x.shape[axis], split)
        if split is None and not self.keepdims:
            part = x.of(x.shape[:axis] + x.shape[axis + 1 :])
            return [several(part) if sizes is None else sequence([part] * len(sizes))]

        def cut(size: Dim) -> Fact:
            assert x.shape is not None
            return x.of((*x.shape[:axis], size, *x.shape[axis + 1 :]))

        if sizes is None:
            return [several(cut(1 if split is None else fresh()))]
        return [sequence([cut(size) for size in sizes])]

    @staticmethod
    def _sizes(size: Dim, split: Fact | None) -> list[Dim] | None:
        """Sizes of the parts; None while their number is unknown."""
        if split is None:
            return [1] * size if isinstance(size, int) and size <= MAX_ITEMS else None
        values = known_values(split)
        if values is None or split.shape is None:
            count = split.shape[0] if split.shape else None
            return [fresh() for _ in range(count)] if isinstance(count, int) and count <= MAX_ITEMS else None
        if split.shape:
            return [v if not isinstance(v, (float, type(None))) else fresh() for v in values]
        step = values[0]
        if not isinstance(step, int) or not isinstance(size, int) or step < 1 or size // step > MAX_ITEMS:
            return None
        return [min(step, size - at) for at in range(0, size, step)]


@operator("ConcatFromSequence", since=11)
class ConcatFromSequence(Sequenced):
    """The tensors of a sequence one behind the other, or stacked along a new axis.

    https://onnx.ai/onnx/operators/onnx__ConcatFromSequence.html
    """

    axis = attribute.integer(0)
    new_axis = attribute.integer(0)

    def outputs(self, before: Fact) -> list[Fact]:
        element, items = before.element, before.items
        if element is None or element.shape is None:
            return [Fact(None if element is None else element.dtype)]
        rank = len(element.shape) + bool(self.new_axis)
        axis = axis_in(self.node, self.axis, rank)
        if self.new_axis:
            count = fresh() if items is None else len(items)
            return [element.of((*element.shape[:axis], count, *element.shape[axis:]))]
        if items is None:
            return [element.of((*element.shape[:axis], fresh(), *element.shape[axis + 1 :]))]
        total: Dim = 0
        for item in items:
            total = fresh() if item.shape is None else total + item.shape[axis]
        return [element.of((*element.shape[:axis], total, *element.shape[axis + 1 :]))]


@operator("SequenceMap", since=17)
class SequenceMap(Sequenced):
    """A body applied to every element of a sequence, the further inputs alongside.

    https://onnx.ai/onnx/operators/onnx__SequenceMap.html
    """

    body = attribute.body()
    count: Dim | None = None

    def outputs(self, first: Fact, *others: Fact) -> list[Fact]:
        body, walker = self.body, self.walker
        if walker is None or body is None:
            raise Undetermined("the body is missing")
        inputs = (first, *others)
        known = [f.items for f in inputs if f.kind == "sequence"]
        general = [(f.element or UNKNOWN) if f.kind == "sequence" else f for f in inputs]
        made: list[Fact] | None = None
        items = first.items
        if items is not None:
            self.count = len(items)
        if items is not None and None not in known and len(items) <= 32 and walker.spare:
            made = self._each(walker, body, inputs, len(items))
        outs = walker.run_body(body, general)
        if made is not None:
            return made
        if items is not None:
            return [sequence([_unlinked(f) for _ in items]) for f in outs]
        return [several(f) for f in outs]

    def _each(self, walker: Any, body: Any, inputs: Sequence[Fact], count: int) -> list[Fact] | None:
        columns: list[list[Fact]] = [[] for _ in body.outputs]
        with walker.trial():
            for i in range(count):
                row = []
                for fact in inputs:
                    if fact.kind != "sequence":
                        row.append(fact)
                    elif fact.items is not None and i < len(fact.items):
                        row.append(fact.items[i])
                    else:
                        return None
                for column, out in zip(columns, walker.run_body(body, row), strict=True):
                    column.append(out)
        return [sequence(column) for column in columns]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """The body's cost once for each element."""
        body = self.body_costs.get("body")
        count = symbol(f"runs({self.node.label})", least=0) if self.count is None else self.count
        return None if body is None else body.times(count)


@operator("Optional", since=15)
class Optional(Sequenced):
    """A value that may be there: its input, or without one nothing.

    https://onnx.ai/onnx/operators/onnx__Optional.html
    """

    def outputs(self, x: Fact | None = None) -> list[Fact]:
        if x is None:
            declared = self.attrs.get("type")
            element = declared if isinstance(declared, Fact) else None
            return [Fact(kind="optional", element=element, items=())]
        return [Fact(kind="optional", element=x, items=(x,))]


@operator("OptionalHasElement", since=15)
class OptionalHasElement(Sequenced):
    """True when an optional holds a value.

    https://onnx.ai/onnx/operators/onnx__OptionalHasElement.html
    """

    def outputs(self, x: Fact | None = None) -> list[Fact]:
        if x is None:
            return [Fact("bool", (), (False,))]
        if x.kind == "optional":
            return [Fact("bool", (), None if x.items is None else (bool(x.items),))]
        return [Fact("bool", (), (True,) if x is not UNKNOWN else None)]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0, 1.0)]


@operator("OptionalGetElement", since=15)
class OptionalGetElement(Sequenced):
    """The value that an optional holds; any other value is itself.

    https://onnx.ai/onnx/operators/onnx__OptionalGetElement.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        if x.kind != "optional":
            return [x]
        if x.items:
            return [x.items[0]]
        return [x.element or UNKNOWN]
