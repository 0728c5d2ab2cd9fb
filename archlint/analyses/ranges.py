"""Ranges: the values that a tensor's elements can take, from the operators' bounds, on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from archlint.analyses.dataflow import Origin
from archlint.errors import LoadError, Undetermined
from archlint.model import Weight
from archlint.ops import ANY, Interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archlint.analyses.constants import Constants
    from archlint.analyses.dataflow import Dataflow
    from archlint.analyses.shapes import Scope, Step

_Input: TypeAlias = Origin | Weight | None
"""What a step reads: the output of another one or an input of the model, a stored tensor, nothing."""

MOVES = frozenset({"Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Slice", "Expand"})
"""Operators whose output elements are elements of their first input."""
SUMS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization"})
"""Operators whose outputs are sums of products of their first input with stored numbers."""
_FAILURES = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, Undetermined, LoadError)
DEEPEST = 10_000
MOST_BOUNDS = 256
"""Bounds that are remembered for steps that are alike."""


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
        self._weights: dict[int, Interval] = {}

    def of(self, name: str, scope: Scope | None = None) -> Interval:
        """The interval of tensor ``name``; `ANY` where nothing is known."""
        return self.at(self.flow.origin(name, scope or self.flow.shapes.main))

    def at(self, origin: Origin) -> Interval:
        """The interval of a tensor by its maker, its inputs first, without recursion."""
        waiting = [origin]
        active: dict[tuple[int, str], list[_Input]] = {}
        while waiting:
            top = waiting[-1]
            key = top.key
            if key in self._known:
                waiting.pop()
                continue
            inputs = active.get(key)
            if inputs is None:
                inputs = self._inputs(top)
                if len(waiting) < DEEPEST:
                    active[key] = inputs
                    before = [
                        o
                        for o in inputs
                        if isinstance(o, Origin) and o.key not in self._known and o.key not in active
                    ]
                    if before:
                        waiting += before
                        continue
            waiting.pop()
            self._note(top, inputs)
        return self._known[origin.key]

    def _inputs(self, origin: Origin) -> list[_Input]:
        """The tensors whose ranges decide that of ``origin``; None for an input that is left out."""
        step = origin.step
        if step is None:
            return []
        if self.flow.children(origin.scope, step):
            return list(self._bodies(origin))
        scope, stored = origin.scope, origin.scope.graph.weights
        found: list[_Input] = []
        for name in step.node.inputs:
            if not name:
                found.append(None)
            elif name in stored:
                found.append(stored[name])
            else:
                maker = self.flow.origin(name, scope)
                found.append(maker.weight or maker)
        return found

    def _bodies(self, origin: Origin) -> list[Origin]:
        """The body outputs that output ``origin`` of a step is one of."""
        step = origin.step
        assert step is not None
        node, index = step.node, origin.index
        found = []
        for body in self.flow.children(origin.scope, step).values():
            # the first output of a Loop body is its condition; a state passes unchanged at zero trips
            at = index + 1 if node.op_type == "Loop" else index
            outputs = list(body.graph.outputs)
            if at < len(outputs):
                found.append(self.flow.origin(outputs[at], body))
        states = _states(origin)
        if index < len(states):
            found.append(self.flow.origin(states[index], origin.scope))
        return found

    def _note(self, origin: Origin, inputs: list[_Input]) -> None:
        step = origin.step
        if origin.weight is not None:
            self._known[origin.key] = self._stored(origin.weight)
            return
        if step is None:
            main = origin.scope is self.flow.shapes.main
            self._known[origin.key] = self.inputs.get(origin.name, ANY) if main else ANY
            return
        if self.flow.children(origin.scope, step):
            self._known[origin.key] = hull([self._read(o) for o in inputs])
            return
        outputs = step.node.outputs
        if self._hopeless(step.node.op_type, inputs):
            found = [ANY] * len(outputs)
        else:
            found = _bounds(step, [self._read(o) for o in inputs])
        for i, name in enumerate(outputs):
            if name:
                self._known[id(origin.scope), name] = found[i] if i < len(found) else ANY

    def _read(self, tensor: _Input) -> Interval:
        """The interval of a tensor that is stored or already known."""
        if isinstance(tensor, Origin):
            return self._known.get(tensor.key, ANY)
        return ANY if tensor is None else self._stored(tensor)

    def _hopeless(self, op_type: str, inputs: Sequence[_Input]) -> bool:
        """True where a sum of products has no bound, so that its weights need not be read.

        Its data is unbounded on both sides, or on one and the weights have both signs.
        """
        if op_type not in SUMS or not inputs or not isinstance(inputs[0], Origin):
            return False
        x = self._known.get(inputs[0].key, ANY)
        if x is ANY:
            return True
        if x.array is not None or (x.greatest() < float("inf") and x.least() > float("-inf")):
            return False
        if x.greatest() == float("inf") and x.least() == float("-inf"):
            return True
        weight = inputs[1] if len(inputs) > 1 else None
        if not isinstance(weight, Weight) or weight.dtype == "string" or weight.dtype.startswith("complex"):
            return False
        try:
            seen = weight.statistics()
        except _FAILURES:
            return True
        return seen.minimum < 0 < seen.maximum

    def _stored(self, weight: Weight) -> Interval:
        found = self._weights.get(id(weight))
        if found is None:
            found = self._weights[id(weight)] = _numbers(weight)
        return found


def _numbers(weight: Weight) -> Interval:
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


def _bounds(step: Step, given: list[Interval]) -> list[Interval]:
    """What the operator's definition says; the same for steps that are alike and given the same."""
    alike = step.alike
    if alike is None:
        return _computed(step, given)
    for fact, r in zip(step.ins, given, strict=True):
        numbers = (fact is not None and fact.weight is not None) or r.array is not None
        if numbers or not isinstance(r.lo, float) or not isinstance(r.hi, float):
            return _computed(step, given)
    key = tuple([(r.lo, r.hi, r.source) for r in given])
    found = alike.bounds.get(key)
    if found is None:
        found = _computed(step, given)
        if len(alike.bounds) < MOST_BOUNDS:
            alike.bounds[key] = found
    return found


def _computed(step: Step, given: list[Interval]) -> list[Interval]:
    """What the operator's definition says; for an undefined mover of elements, its input's hull."""
    import numpy as np

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
