"""Costs: exact operation counts of every step, summed with what could not be counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from archlint.ops import FREE, Cost
from archlint.symbolic import Dim, is_known

if TYPE_CHECKING:
    from archlint.analyses.parameters import Parameters
    from archlint.analyses.shapes import Scope, Shapes, Step
    from archlint.model import Model

CONVENTIONS = (
    "macs: multiply-accumulate pairs of linear algebra (convolutions, matrix products, recurrent cells, attention)",
    "mults, adds: every multiplication, every addition and subtraction of the formulas, bias included",
    "other: comparisons, divisions, roots, exponentials and other functions",
    "windows count whole at padded borders; factors of 1 and terms of 0 are free",
    "If counts its larger branch, Loop and Scan their trips times the body",
    "work on constants alone is done once when the model is loaded and is not counted",
)
"""What the numbers mean, as printed beside them."""


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Operators of one kind that have no count, or not a whole one, and why."""

    op: str
    count: int
    reason: str


@dataclass(eq=False)
class Costs:
    """Cost of every step (None where unknown) and the total of what is known.

    ``total`` is a formula in the author's symbols alone: a count that depends on an unknown size is
    left out of it and its operator stands in ``uncounted``. ``folded`` holds the ids of steps that
    work on constants alone, which a runtime computes once when it loads the model; they cost
    nothing per run.
    """

    model: Model
    shapes: Shapes
    total: Cost
    uncounted: list[Uncounted]
    by_step: dict[int, Cost | None] = field(repr=False)
    folded: set[int] = field(repr=False)
    at_load: Cost = FREE
    """Work of the folded steps, as far as it has a count: done once, when the model is loaded."""

    def of(self, step: Step) -> Cost | None:
        """Cost of one step, its bodies included; None when it has no count."""
        return self.by_step.get(id(step))

    @cached_property
    def parameters(self) -> Parameters:
        """What the model stores: weights, and apart from them what training does not learn."""
        from archlint.analyses.parameters import Inventory

        return Inventory(self.model, self.shapes, self.folded).run()


@dataclass(slots=True)
class _Tally:
    """Known work of a scope, and the operators of it that are not counted."""

    known: Cost
    missing: Counter[tuple[str, str]]


class Counting:
    """Adds up a propagated model, bodies before the node that holds them."""

    def __init__(self, model: Model, shapes: Shapes) -> None:
        self.model = model
        self.shapes = shapes
        self.by_step: dict[int, Cost | None] = {}
        self.folded: set[int] = set()
        self.at_load = FREE
        self._scopes: dict[int, _Tally] = {}

    def run(self) -> Costs:
        """Costs of the main scope and everything below it."""
        tally = self._scope(self.shapes.main)
        rows = Counter[str]()
        reasons: dict[str, str] = {}
        for (op, why), n in tally.missing.items():
            rows[op] += n
            reasons.setdefault(op, why)
        uncounted = [Uncounted(op, n, reasons[op]) for op, n in sorted(rows.items())]
        return Costs(self.model, self.shapes, tally.known, uncounted, self.by_step, self.folded, self.at_load)

    def _scope(self, scope: Scope) -> _Tally:
        """Work of one run of a scope; a scope that several calls share is counted for each."""
        known = self._scopes.get(id(scope))
        if known is not None:
            return known
        macs = mults = adds = other = 0
        symbolic: list[Cost] = []
        missing = Counter[tuple[str, str]]()
        for step in scope.steps:
            cost = self._step(step, missing)
            self.by_step[id(step)] = cost
            if cost is None or cost is FREE:
                continue
            a, b, c, d = cost.macs, cost.mults, cost.adds, cost.other
            if isinstance(a, int) and isinstance(b, int) and isinstance(c, int) and isinstance(d, int):
                macs, mults, adds, other = macs + a, mults + b, adds + c, other + d
            else:
                symbolic.append(self._certain(step, cost, missing))
        total = Cost(macs, mults, adds, other)
        for cost in symbolic:
            total = total + cost
        self._scopes[id(scope)] = tally = _Tally(total, missing)
        return tally

    def _certain(self, step: Step, cost: Cost, missing: Counter[tuple[str, str]]) -> Cost:
        """``cost`` without the fields that depend on an unknown size, which are noted as missing."""
        fields = (cost.macs, cost.mults, cost.adds, cost.other)
        if all(is_known(f) for f in fields):
            return cost
        if not step.children or all(
            is_known(f) for s in step.children.values() for f in _fields(self._scope(s).known)
        ):
            missing[step.node.kind, _unknown_size(step)] += 1
        return Cost(*(f if is_known(f) else 0 for f in fields))

    def _step(self, step: Step, missing: Counter[tuple[str, str]]) -> Cost | None:
        bodies = {}
        for name, scope in step.children.items():
            tally = self._scope(scope)
            bodies[name] = tally.known
            missing.update(tally.missing)
        if step.operator is None:
            if bodies:
                total = FREE
                for cost in bodies.values():
                    total = total + cost
                return total
            missing[step.node.kind, step.reason or "unknown operator"] += 1
            return None
        if not step.outs and not bodies:
            missing[step.node.kind, "it has no output"] += 1
            return None
        if step.outs and not bodies and all(f.constant for f in step.outs):
            self.folded.add(id(step))
            self._at_load(step)
            return FREE
        step.operator.body_costs = bodies
        if step.reason is not None and not bodies:
            missing[step.node.kind, step.reason] += 1
            return None
        try:
            found = step.operator.cost(step.ins, step.outs)
        except Exception as error:  # noqa: BLE001 - one operator's count must not cost the others theirs
            missing[step.node.kind, f"internal error: {type(error).__name__}: {error}"] += 1
            return None
        if found is None:
            missing[step.node.kind, step.reason or _blocker(step)] += 1
        return found

    def _at_load(self, step: Step) -> None:
        """Add the work of a step on constants to what is done once."""
        assert step.operator is not None
        try:
            cost = step.operator.cost(step.ins, step.outs)
        except Exception:  # noqa: BLE001 - what is not counted per run needs no reason
            return
        if cost is not None and cost is not FREE and all(isinstance(f, int) for f in _fields(cost)):
            self.at_load = self.at_load + cost


def _fields(cost: Cost) -> tuple[Dim, Dim, Dim, Dim]:
    return cost.macs, cost.mults, cost.adds, cost.other


def _blocker(step: Step) -> str:
    """Why an operator without a count has none: the first tensor whose rank is unknown, or itself."""
    names = (*step.node.inputs, *step.node.outputs)
    facts = (*step.ins, *step.outs)
    for name, fact in zip(names, facts, strict=False):
        if fact is not None and name and fact.shape is None:
            return f"the shape of '{name}' is unknown"
    return "its work depends on the data"


def _unknown_size(step: Step) -> str:
    """The first tensor of a step that has an unknown size."""
    names = (*step.node.inputs, *step.node.outputs)
    for name, fact in zip(names, (*step.ins, *step.outs), strict=False):
        if fact is not None and name and (fact.shape is None or not all(is_known(d) for d in fact.shape)):
            return f"a size of '{name}' is unknown"
    return "the number of runs is unknown" if step.children else "a size is unknown"


def by_operator(costs: Costs) -> dict[str, tuple[int, Cost]]:
    """Steps and known work of every operator type, largest number of macs and mults first.

    Operators that hold bodies are left out: what runs inside them is counted where it stands, once
    for each run of the body that propagation saw.
    """
    found: dict[str, tuple[int, Cost]] = {}
    for scope in costs.shapes.scopes:
        for step in scope.steps:
            cost = costs.of(step)
            if cost is not None and not step.children and id(step) not in costs.folded:
                count, known = found.get(step.node.kind, (0, FREE))
                found[step.node.kind] = count + 1, known + cost
    return dict(sorted(found.items(), key=_heaviest))


def by_scope(costs: Costs, depth: int = 1) -> dict[str, tuple[int, Cost]]:
    """Steps and known work of every module, by the first ``depth`` parts of the nodes' names.

    Exporters write the module path into the name, as ``/encoder/layer.0/MatMul``; a node without
    one belongs to ``""``. Bodies count with the node that holds them.
    """
    found: dict[str, tuple[int, Cost]] = {}
    for step in costs.shapes.main.steps:
        cost = costs.of(step)
        if cost is None or id(step) in costs.folded:
            continue
        parts = step.node.name.replace("::", "/").strip("/").split("/")[:-1]
        key = "/".join(parts[:depth])
        count, known = found.get(key, (0, FREE))
        found[key] = count + 1, known + cost
    return found


def _heaviest(item: tuple[str, tuple[int, Cost]]) -> tuple[float, float, str]:
    op, (_, cost) = item
    macs, mults = (-d if isinstance(d, int) else float("-inf") for d in (cost.macs, cost.mults))
    return macs, mults, op
