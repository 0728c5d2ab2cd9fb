"""Activation memory over the order of execution: the peak, the step at which it happens, traffic.

Every tensor has memory of its own from the step that makes it to the last step that reads it; graph
inputs live until their last use, graph outputs to the end. Weights and what is computed from
constants alone are apart. A runtime that computes in place or shares buffers needs less.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archlint.model.dtypes import BITS
from archlint.symbolic import Dim, ceildiv, compare, is_known, maximum

if TYPE_CHECKING:
    from archlint.analyses.costs import Costs
    from archlint.analyses.shapes import Scope, Shapes, Step
    from archlint.model import Fact, Node

MAX_CANDIDATES = 8
ACCUMULATING = frozenset({"Loop", "Scan", "SequenceMap"})
"""Operators whose outputs grow while their bodies run."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes that a step reads and writes, weights included, and its macs."""

    read: Dim
    written: Dim
    macs: Dim

    @property
    def intensity(self) -> float | None:
        """Macs for each byte moved; None while a symbol is left or when nothing is moved."""
        moved = self.read + self.written
        if not isinstance(moved, int) or not isinstance(self.macs, int) or moved == 0:
            return None
        return self.macs / moved


@dataclass(frozen=True, slots=True)
class Moment:
    """What is live while one step of the main graph runs; None where a size is unknown."""

    step: Step
    live: Dim | None


@dataclass(eq=False)
class Memory:
    """Peak of the activations in bytes (None when unknown) and the step at which it happens.

    ``at_least`` is the peak of the tensors whose size is known, equal to ``peak`` when that is
    known. ``step`` is None where symbols decide which step it is. ``unknown`` names the first
    tensor without a known size. ``timeline`` follows the main graph.
    """

    peak: Dim | None
    at_least: Dim
    step: Step | None
    unknown: str | None
    timeline: list[Moment] = field(repr=False)
    costs: Costs = field(repr=False)

    def traffic(self, step: Step) -> Traffic | None:
        """Bytes read and written by a step; None when a size is unknown."""
        cost = self.costs.of(step)
        read, written = (_sum(facts) for facts in (step.ins, step.outs))
        if cost is None or read is None or written is None or not is_known(cost.macs):
            return None
        return Traffic(read, written, cost.macs)


def size_of(fact: Fact | None) -> Dim | None:
    """Bytes of a tensor, sub-byte types packed; None when type or shape are not known."""
    if fact is None:
        return 0
    bits = BITS.get(fact.dtype) if fact.dtype is not None else None
    if bits is None or fact.shape is None or fact.kind != "tensor":
        return None
    count: Dim = 1
    for dim in fact.shape:
        count = count * dim
    if not is_known(count):
        return None
    return count * (bits // 8) if bits % 8 == 0 else ceildiv(count * bits, 8)


def _sum(facts: list[Fact | None] | list[Fact]) -> Dim | None:
    total: Dim = 0
    for fact in facts:
        size = size_of(fact)
        if size is None:
            return None
        total = total + size
    return total


class _Peak:
    """The largest of many sizes, with the step each belongs to; dominated ones are dropped."""

    def __init__(self) -> None:
        self.best: list[tuple[Dim, Step | None]] = [(0, None)]
        self.lost = False

    def offer(self, size: Dim, step: Step | None) -> None:
        """Take ``size`` into account."""
        kept: list[tuple[Dim, Step | None]] = []
        for known, at in self.best:
            if isinstance(size, int) and isinstance(known, int):
                order: int | None = (size > known) - (size < known)
            else:
                order = _order(size, known)
            if order is not None and order <= 0:
                return
            if order is None:
                kept.append((known, at))
        kept.append((size, step))
        if len(kept) > MAX_CANDIDATES:
            self.lost = True
            return
        self.best = kept

    @property
    def value(self) -> Dim:
        """The maximum, a formula where symbols decide."""
        total: Dim = 0
        for size, _ in self.best:
            total = maximum(total, size)
        return total

    @property
    def step(self) -> Step | None:
        """The step of the maximum, when it does not depend on symbols."""
        return self.best[0][1] if len(self.best) == 1 else None


def _order(a: Dim, b: Dim) -> int | None:
    found = compare(a, b)
    if found is not None:
        return found
    # equal or certainly not larger is as good as smaller for a maximum
    if compare(a - 1, b) == -1:
        return -1
    return 1 if compare(a + 1, b) == 1 else None


@dataclass(slots=True)
class _Profile:
    """Peak of a scope's own tensors, inputs left out when the caller holds them."""

    peak: _Peak
    unknown: str | None
    timeline: list[Moment]


class Liveness:
    """Walks the scopes in order of execution and adds up what is live."""

    def __init__(self, shapes: Shapes, costs: Costs) -> None:
        self.shapes = shapes
        self.costs = costs
        self._profiles: dict[int, _Profile] = {}

    def run(self) -> Memory:
        """The memory of the main graph, its bodies on top of what is live around them."""
        profile = self._profile(self.shapes.main, main=True)
        unknown, peak = profile.unknown, profile.peak
        known = unknown is None and not peak.lost
        why = unknown if unknown is not None or known else "too many symbolic sizes"
        value = peak.value
        step = peak.step if known else None
        return Memory(value if known else None, value, step, why, profile.timeline, self.costs)

    def _profile(self, scope: Scope, *, main: bool = False) -> _Profile:
        known = self._profiles.get(id(scope))
        if known is not None:
            return known
        steps = scope.steps
        last = self._last_uses(scope)
        found = _Profile(_Peak(), None, [])
        live: Dim = 0
        dying: dict[int, Dim] = {}
        if main:
            for name in scope.graph.inputs:
                if name not in scope.graph.weights:
                    live = self._born(found, live, dying, name, scope.fact(name), last.get(name, -1))
            found.peak.offer(live, None)
            if -1 in dying:
                live = live - dying.pop(-1)
        for i, step in enumerate(steps):
            before = live
            for name, fact in zip(step.node.outputs, step.outs, strict=False):
                if name and not fact.constant:
                    live = self._born(found, live, dying, name, fact, last.get(name, i))
            now = self._with_bodies(found, step, before, live) if step.children else live
            found.peak.offer(now, step)
            if main:
                found.timeline.append(Moment(step, now if found.unknown is None else None))
            if i in dying:
                live = live - dying.pop(i)
        self._profiles[id(scope)] = found
        return found

    def _with_bodies(self, found: _Profile, step: Step, before: Dim, after: Dim) -> Dim:
        """The most that is live while the bodies of ``step`` run."""
        now = after
        around = after if step.node.op_type in ACCUMULATING else before
        for scope in step.children.values():
            inner = self._profile(scope)
            if inner.unknown is not None and found.unknown is None:
                found.unknown = inner.unknown
            found.peak.lost |= inner.peak.lost
            now = maximum(now, around + inner.peak.value)
        return now

    def _born(
        self, found: _Profile, live: Dim, dying: dict[int, Dim], name: str, fact: Fact, last: int
    ) -> Dim:
        size = size_of(fact)
        if size is None:
            if found.unknown is None:
                found.unknown = f"the size of '{name}' is unknown"
            return live
        dying[last] = dying.get(last, 0) + size
        return live + size

    def _last_uses(self, scope: Scope) -> dict[str, int]:
        """Index of the last step that reads each tensor; one past the end for outputs."""
        last: dict[str, int] = {}
        for i, step in enumerate(scope.steps):
            for name in self._reads(step.node):
                last[name] = i
        for name in scope.graph.outputs:
            last[name] = len(scope.steps)
        return last

    def _reads(self, node: Node) -> tuple[str, ...]:
        if not node.bodies:
            return node.inputs
        return (*node.inputs, *node.graph.captured(node))
