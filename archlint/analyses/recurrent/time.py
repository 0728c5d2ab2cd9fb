"""Time in decomposed cells: masked steps that keep the state, and which end a cell starts from."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from archlint.errors import Undetermined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.analyses.dataflow import Origin
    from archlint.analyses.recurrent.linear import Linear
    from archlint.analyses.recurrent.patterns import Update

    Key: TypeAlias = tuple[int, str]

MOST = 64
"""Operators between a cell and the sequence it reads."""


def chosen(linear: Linear, origin: Origin) -> list[Origin]:
    """The tensors between which a mask chooses: by Where, or by m a + (1 - m) b with m a Cast of bools.

    Keras keeps the old state on masked steps in the first way, tf2onnx spells it in the second.
    """
    top = linear.through(origin)
    if top.op == "Where":
        return [o for i in (1, 2) if (o := linear.flow.input(top, i)) is not None]
    found = []
    for k in (0, 1) if top.op == "Add" else ():
        product = linear.flow.input(top, k)
        if product is None or linear.through(product).op != "Mul":
            return []
        pair = [linear.flow.input(linear.through(product), i) for i in (0, 1)]
        found += [o for o in pair if o is not None and not _is_mask(o)]
    return found if len(found) == 2 else []


def _is_mask(origin: Origin) -> bool:
    step = origin.step
    fact = step.ins[0] if step is not None and origin.op == "Cast" and step.ins else None
    return fact is not None and fact.dtype == "bool"


def direction(linear: Linear, steps: Sequence[Update], x: Sequence[Origin]) -> str:
    """Reverse where the steps are seen to read the last element first, and forward otherwise.

    A Scan says so, a loop reads a sequence that was turned round or counts down, and unrolled steps
    pick their elements by falling numbers. ``x`` are the tensors that the cell's input is made of.
    """
    turned, picked = False, []
    for update in steps:
        for source in x[:1]:
            path = _path(linear, update, source)
            turned = turned or bool(sum(_turns(linear, o) for o in path) % 2)
            numbers = [n for o in path if (n := _picked(linear, o)) is not None]
            picked += numbers[-1:]
    falling = len(picked) > 1 and all(a > b for a, b in pairwise(picked))
    return "reverse" if turned != falling else "forward"


def _path(linear: Linear, update: Update, source: Origin) -> list[Origin]:
    """The tensors between an update's gates and the input ``source``, it and what is scanned included."""
    start = next(iter(update.parts.values())).origin
    before: dict[Key, Origin | None] = {start.key: None}
    waiting = [start]
    while waiting and len(before) < 10 * MOST:
        top = waiting.pop()
        if top.key == source.key:
            path: list[Origin] = []
            at: Origin | None = top
            while at is not None:
                path.append(at)
                at = before[at.key]
            return path[::-1]
        count = len(top.step.node.inputs) if top.step is not None else 0
        for k in range(count):
            below = linear.flow.input(top, k)
            if below is not None and below.key not in before:
                before[below.key] = top
                waiting.append(below)
    return []


def _turns(linear: Linear, origin: Origin) -> bool:
    """True when time runs the other way behind this tensor."""
    step = origin.step
    if step is None:
        return _scanned_back(linear, origin)
    if origin.op == "ReverseSequence":
        return True
    if origin.op == "Slice":
        return _number(linear, origin, 4) == -1
    if origin.op == "Gather":
        index = linear.flow.input(origin, 1)
        index = None if index is None else linear.through(index)
        return index is not None and index.op == "Sub" and not index.fact.constant
    return False


def _scanned_back(linear: Linear, origin: Origin) -> bool:
    """True for an element of a Scan that starts at the end."""
    above, names = linear.flow.caller(origin.scope), list(origin.scope.graph.inputs)
    if above is None or above[1].node.op_type != "Scan" or origin.name not in names:
        return False
    ways = above[1].node.attrs.get("scan_input_directions") or ()
    at = names.index(origin.name) - (len(names) - int(above[1].node.attrs.get("num_scan_inputs", 0)))
    return 0 <= at < len(ways) and ways[at] == 1


def _picked(linear: Linear, origin: Origin) -> int | None:
    """The element of the sequence that an unrolled step takes, counted from the end when negative."""
    if origin.op == "Split":
        return origin.index
    if origin.op == "Gather":
        return _number(linear, origin, 1)
    return _number(linear, origin, 1) if origin.op == "Slice" else None


def _number(linear: Linear, origin: Origin, index: int) -> int | None:
    """The one number that an input holds."""
    given = linear.flow.input(origin, index)
    if given is None:
        return None
    try:
        array = linear.constants.at(given)
    except Undetermined:
        return None
    return int(array.reshape(-1)[0]) if array.size == 1 else None
