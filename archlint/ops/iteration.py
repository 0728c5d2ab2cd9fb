"""A body that runs many times: the facts that hold in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.model import Fact, unknown_dims
from archlint.model.fact import MAX_CONTENT
from archlint.ops.merging import Unlike, covers, merge, merge_all, top
from archlint.ops.operator import Operator
from archlint.symbolic import Dim, Expr, at_least, fresh, symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archlint.model import Graph
    from archlint.ops.cost import Cost

MAX_ROUNDS = 4
MAX_UNROLLED = 64
MAX_UNROLLED_RUNS = 4_096


class Iteration(Operator):
    """Common ground of Loop and Scan.

    ``trips`` is how often the body runs, None where that depends on the data.
    """

    trips: Dim | None = None

    def fixpoint(
        self, initial: Sequence[Fact], run: Callable[[Sequence[Fact]], list[Fact]], *, skip: int
    ) -> list[Fact]:
        """What the body makes in any run.

        ``skip`` outputs precede the carried ones. What differs between two runs becomes unknown:
        single sizes, then every size, then the rank. The last walk is made with what holds before
        every run, so its facts hold in every run.
        """
        walker = self.walker
        state = list(initial)
        if walker is None or not walker.spare:
            return run([top(f) for f in state])
        either = Unlike()
        with walker.trial():
            for turn in range(MAX_ROUNDS + 3):
                after = run(state)[skip : skip + len(state)]
                moving = [
                    i
                    for i, (a, b) in enumerate(zip(state, after, strict=True))
                    if not covers(a, b, either.made)
                ]
                if not moving:
                    break
                if turn == MAX_ROUNDS + 2 or not walker.spare:
                    state = [top(f) for f in state]
                    break
                for i in moving:
                    found = merge(state[i], after[i], either)
                    if turn > MAX_ROUNDS:
                        found = top(found)
                    elif turn == MAX_ROUNDS and found.shape is not None:
                        found = Fact(found.dtype, tuple([either(d, d) for d in found.shape]))
                    state[i] = found
        return run(state)

    def ended(self, initial: Sequence[Fact], after: Sequence[Fact]) -> list[Fact]:
        """Carried facts behind the last run, which may be none: then the initial ones hold."""
        if self.trips == 0:
            return list(initial)
        if self.trips is not None and at_least(self.trips, 1):
            return list(after)
        return [merge(a, b) for a, b in zip(initial, after, strict=True)]

    def stacked(self, fact: Fact, trips: Dim | None, axis: int = 0) -> Fact:
        """The outputs ``fact`` of every run, put together along a new axis."""
        if fact.shape is None:
            return fact.of(None)
        at = axis + len(fact.shape) + 1 if axis < 0 else axis
        # what no run has made has no size: runtimes fill in 0 for those they do not know
        count = fresh() if trips is None else trips
        shape = fact.shape if trips != 0 else unknown_dims(len(fact.shape))
        return fact.of((*shape[:at], count, *shape[at:]))

    def joined(self, facts: Sequence[Fact]) -> Fact:
        """The outputs of runs that are known one by one, put together along a new first axis."""
        found = self.stacked(merge_all(facts), len(facts))
        columns = [f.content for f in facts]
        if found.shape is None or sum(len(c) if c else 0 for c in columns) > MAX_CONTENT or None in columns:
            return found
        return Fact(found.dtype, found.shape, tuple([v for c in columns for v in c or ()]))

    def most_unrolled(self, body: Graph) -> int:
        """How many runs are worth walking one by one."""
        nodes = sum(len(g.nodes) for g in body.walk())
        return min(MAX_UNROLLED, MAX_UNROLLED_RUNS // max(nodes, 1))

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """The body's cost times the number of runs, a symbol of its own where that is not known."""
        body = self.body_costs.get("body")
        if body is None:
            return None
        trips = self.trips
        if trips is None or (isinstance(trips, Expr) and not trips.known):
            trips = symbol(f"runs({self.node.label})", least=0)
        return body.times(trips)
