"""Columns that a Split or a Slice picks: how the gates of one product are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.analyses.dataflow import attributes
from archlint.errors import Undetermined

if TYPE_CHECKING:
    from archlint.analyses.dataflow import Origin
    from archlint.analyses.recurrent.linear import Linear


def axes_of(linear: Linear, origin: Origin, rank: int | None) -> list[int] | None:
    """The axes that a Split or a Slice picks along, counted from the front where ``rank`` is known."""
    step = origin.step
    assert step is not None
    attrs = attributes(origin.scope, step.node)
    if step.node.op_type == "Split":
        axes = [int(attrs.get("axis", 0))]
    elif "axes" in attrs:
        axes = [int(a) for a in attrs["axes"]]
    else:
        given = linear.flow.input(origin, 3)
        if given is None:
            return None
        try:
            axes = [int(a) for a in linear.constants.at(given).reshape(-1)]
        except Undetermined:
            return None
    return [a + rank if a < 0 and rank is not None else a for a in axes]


def span(linear: Linear, origin: Origin, width: int) -> tuple[int, int] | None:
    """The columns, of ``width``, that a Split's output or a Slice along the last axis picks."""
    step = origin.step
    assert step is not None
    node, attrs = step.node, attributes(origin.scope, step.node)
    fact = step.ins[0] if step.ins else None
    rank = fact.rank if fact is not None else None
    axes = axes_of(linear, origin, rank)
    if axes is None or len(axes) != 1:
        return None
    last = axes[0] == -1 or (axes[0] == rank - 1 if rank is not None else axes[0] in {1, 2})
    if not last:
        return None
    if node.op_type == "Split":
        given = linear.flow.input(origin, 1)
        sizes = attrs.get("split")
        if given is not None:
            numbers = linear.numbers(given)
            sizes = None if numbers is None else [int(v) for v in numbers.reshape(-1)]
        if sizes is None:
            count = attrs.get("num_outputs", len(node.outputs))
            if not isinstance(count, int) or count < 1:
                return None
            part = -(-width // count)
            return part * origin.index, min(part * (origin.index + 1), width)
        if origin.index >= len(sizes):
            return None
        start = sum(sizes[: origin.index])
        return start, start + sizes[origin.index]
    if "starts" in attrs:
        ends = [e for key in ("starts", "ends") for e in attrs.get(key) or ()]
        if len(ends) != 2:
            return None
    else:
        ends = []
        for i in (1, 2):
            at = linear.flow.input(origin, i)
            numbers = None if at is None else linear.numbers(at)
            if numbers is None or numbers.size != 1:
                return None
            ends.append(int(numbers.reshape(-1)[0]))
        stride = linear.flow.input(origin, 4)
        by = None if stride is None else linear.numbers(stride)
        if stride is not None and (by is None or int(by.reshape(-1)[0]) != 1):
            return None
    start, stop = (min(max(e + width if e < 0 else e, 0), width) for e in ends)
    return start, stop
