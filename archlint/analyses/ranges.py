"""Ranges: the values that a tensor's elements can take, from the operators' bounds, on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import LoadError, Undetermined
from archlint.ops import ANY, Interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archlint.analyses.constants import Constants
    from archlint.analyses.dataflow import Dataflow, Origin
    from archlint.analyses.shapes import Scope

MOVES = frozenset({"Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Slice", "Expand"})
"""Operators whose output elements are elements of their first input."""
SUMS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization"})
"""Operators whose outputs are sums of products of their first input with stored numbers."""
_FAILURES = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, Undetermined, LoadError)
DEEPEST = 10_000


class Ranges:
    """Intervals of tensors, computed when asked for and remembered.

    ``inputs`` gives the ranges of graph inputs that the user configured or measured; every other
    graph input can be anything. Nothing is assumed here.
    """

    def __init__(
        self, flow: Dataflow, constants: Constants, inputs: Mapping[str, Interval] | None = None
    ) -> None:
        self.flow = flow
        self.constants = constants
        self.inputs = dict(inputs or {})
        self._known: dict[tuple[int, str], Interval] = {}

    def of(self, name: str, scope: Scope | None = None) -> Interval:
        """The interval of tensor ``name``; `ANY` where nothing is known."""
        return self.at(self.flow.origin(name, scope or self.flow.shapes.main))

    def at(self, origin: Origin) -> Interval:
        """The interval of a tensor by its maker, its inputs first, without recursion."""
        waiting = [origin]
        active: set[tuple[int, str]] = set()
        while waiting:
            top = waiting[-1]
            if top.key in self._known:
                waiting.pop()
                continue
            if top.key not in active and len(waiting) < DEEPEST:
                active.add(top.key)
                before = [o for o in self._sources(top) if o.key not in self._known and o.key not in active]
                if before:
                    waiting += before
                    continue
            waiting.pop()
            self._note(top)
        return self._known[origin.key]

    def _sources(self, origin: Origin) -> list[Origin]:
        """The tensors whose ranges decide that of ``origin``."""
        step = origin.step
        if step is None:
            return []
        inner = self._bodies(origin)
        if inner is not None:
            return inner
        found = [self.flow.origin(n, origin.scope) for n in step.node.inputs if n]
        return [o for o in found if o.weight is None]

    def _bodies(self, origin: Origin) -> list[Origin] | None:
        """The body outputs that output ``origin`` of a step is one of; None for a plain operator."""
        step = origin.step
        assert step is not None
        node, index = step.node, origin.index
        children = self.flow.children(origin.scope, step)
        if not children:
            return None
        found = []
        for body in children.values():
            # the first output of a Loop body is its condition; a state passes unchanged at zero trips
            at = index + 1 if node.op_type == "Loop" else index
            outputs = list(body.graph.outputs)
            if at < len(outputs):
                found.append(self.flow.origin(outputs[at], body))
        states = _states(origin)
        if index < len(states):
            found.append(self.flow.origin(states[index], origin.scope))
        return found

    def _note(self, origin: Origin) -> None:
        step = origin.step
        if origin.weight is not None:
            self._known[origin.key] = self._stored(origin)
            return
        if step is None:
            main = origin.scope is self.flow.shapes.main
            self._known[origin.key] = self.inputs.get(origin.name, ANY) if main else ANY
            return
        inner = self._bodies(origin)
        if inner is not None:
            self._known[origin.key] = hull([self._known.get(o.key, ANY) for o in inner])
            return
        origins = [self.flow.origin(n, origin.scope) if n else None for n in step.node.inputs]
        if self._hopeless(step.node.op_type, origins):
            found = [ANY] * len(step.node.outputs)
        else:
            found = _bounds(origin, [ANY if o is None else self._read(o) for o in origins])
        for i, name in enumerate(step.node.outputs):
            if name:
                self._known[id(origin.scope), name] = found[i] if i < len(found) else ANY

    def _read(self, origin: Origin) -> Interval:
        """The interval of a tensor that is stored or already known."""
        if origin.key not in self._known and origin.weight is not None:
            self._known[origin.key] = self._stored(origin)
        return self._known.get(origin.key, ANY)

    def _hopeless(self, op_type: str, origins: Sequence[Origin | None]) -> bool:
        """True where a sum of products has no bound, so that its weights need not be read.

        Its data is unbounded on both sides, or on one and the weights have both signs.
        """
        if op_type not in SUMS or not origins or origins[0] is None or origins[0].weight is not None:
            return False
        x = self._known.get(origins[0].key, ANY)
        if x.array is not None or (x.greatest() < float("inf") and x.least() > float("-inf")):
            return False
        if x.greatest() == float("inf") and x.least() == float("-inf"):
            return True
        weight = origins[1].weight if len(origins) > 1 and origins[1] is not None else None
        if weight is None or weight.dtype == "string" or weight.dtype.startswith("complex"):
            return False
        try:
            seen = weight.statistics()
        except _FAILURES:
            return True
        return seen.minimum < 0 < seen.maximum

    def _stored(self, origin: Origin) -> Interval:
        weight = origin.weight
        assert weight is not None
        if weight.dtype == "string" or weight.dtype.startswith("complex"):
            return ANY
        try:
            statistics = weight.statistics()
            if statistics.nan or not statistics.count or statistics.sampled:
                return ANY
            lo, hi = statistics.minimum, statistics.maximum
            if statistics.inf:
                lo, hi = float("-inf"), float("inf")
            return Interval(lo, hi, array=weight.array())
        except _FAILURES:
            return ANY


def _states(origin: Origin) -> Sequence[str]:
    """Initial values of the states that a Loop or Scan carries."""
    step = origin.step
    assert step is not None
    if step.node.op_type == "Loop":
        return step.node.inputs[2:]
    if step.node.op_type == "Scan":
        scanned = step.node.attrs.get("num_scan_inputs", 0)
        return step.node.inputs[: len(step.node.inputs) - scanned] if isinstance(scanned, int) else ()
    return ()


def _bounds(origin: Origin, given: list[Interval]) -> list[Interval]:
    """What the operator's definition says; for an undefined mover of elements, its input's hull."""
    import numpy as np

    step = origin.step
    assert step is not None
    found: list[Interval] = []
    if step.operator is not None:
        try:
            with np.errstate(all="ignore"):
                found = list(step.operator.bounds(given, step.ins, step.outs))
        except _FAILURES:
            found = []
    if (not found or found[0] is ANY) and not step.node.domain and step.node.op_type in MOVES and given:
        x = given[0]
        found = [Interval(x.least(), x.greatest(), x.source)]
    return [ANY if _broken(i) else i for i in found]


def _broken(interval: Interval) -> bool:
    import numpy as np

    return bool(np.isnan(interval.lo).any() or np.isnan(interval.hi).any())


SOURCES = ("graph", "embedding", "configured", "calibration", "assumed")
"""Where a range comes from, the more certain first; a combination takes the last of its parts."""


def hull(intervals: Sequence[Interval]) -> Interval:
    """The smallest interval that holds all of ``intervals``; `ANY` of none."""
    if not intervals:
        return ANY
    if len(intervals) == 1:
        return intervals[0]
    source = max((i.source for i in intervals), key=lambda s: SOURCES.index(s) if s in SOURCES else 0)
    return Interval(min(i.least() for i in intervals), max(i.greatest() for i in intervals), source)
