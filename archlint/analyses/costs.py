"""Costs: exact operation counts of every step, summed with what could not be counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archlint.ops import FREE, Cost

if TYPE_CHECKING:
    from archlint.analyses.shapes import Scope, Shapes, Step


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Operators of one kind that have no count, and why."""

    op: str
    count: int
    reason: str


@dataclass(eq=False)
class Costs:
    """Cost of every step (None where unknown) and the total of what is known.

    ``folded`` holds the ids of steps that work on constants alone, which a runtime computes once
    when it loads the model; they cost nothing per run.
    """

    total: Cost
    uncounted: list[Uncounted]
    by_step: dict[int, Cost | None] = field(repr=False)
    folded: set[int] = field(repr=False)

    def of(self, step: Step) -> Cost | None:
        """Cost of one step, its bodies included; None when it has no count."""
        return self.by_step.get(id(step))


class Counting:
    """Adds up a propagated model, bodies before the node that holds them."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self.by_step: dict[int, Cost | None] = {}
        self.folded: set[int] = set()
        self.missing: dict[tuple[str, str], int] = {}
        self._scopes: dict[int, Cost] = {}

    def run(self) -> Costs:
        """Costs of the main scope and everything below it."""
        total = self._scope(self.shapes.main)
        uncounted = [Uncounted(op, n, why) for (op, why), n in sorted(self.missing.items())]
        return Costs(total, uncounted, self.by_step, self.folded)

    def _scope(self, scope: Scope) -> Cost:
        known = self._scopes.get(id(scope))
        if known is not None:
            return known
        total = FREE
        for step in scope.steps:
            cost = self._step(step)
            self.by_step[id(step)] = cost
            if cost is not None:
                total = total + cost
        self._scopes[id(scope)] = total
        return total

    def _step(self, step: Step) -> Cost | None:
        if step.operator is None and step.children:
            total = FREE
            for body in step.children.values():
                total = total + self._scope(body)
            return total
        if step.operator is None:
            self._unknown(step, step.reason or "unknown operator")
            return None
        if step.outs and all(f.constant for f in step.outs) and not step.children:
            self.folded.add(id(step))
            return FREE
        step.operator.body_costs = {k: self._scope(s) for k, s in step.children.items()}
        cost = step.operator.cost(step.ins, step.outs)
        if cost is None:
            self._unknown(step, step.reason or "unknown shape")
        return cost

    def _unknown(self, step: Step, reason: str) -> None:
        key = (step.node.kind, reason)
        self.missing[key] = self.missing.get(key, 0) + 1
