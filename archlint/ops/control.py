"""Control flow: operators that hold graphs and run one of them, or one again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.errors import ShapeError, Undetermined
from archlint.model import UNKNOWN, Fact
from archlint.ops import attribute
from archlint.ops.broadcasting import axis_in, better
from archlint.ops.iteration import Iteration
from archlint.ops.merging import Alike, merge, renamed
from archlint.ops.operator import Operator, operator
from archlint.symbolic import Dim, Expr, free_symbols, fresh, maximum, minimum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Graph
    from archlint.ops.cost import Cost
    from archlint.ops.operator import Walker

__all__ = ["If", "Loop", "Scan", "merge"]


@operator("If")
class If(Operator):
    """The outputs of one of two branches; what both agree on is known.

    https://onnx.ai/onnx/operators/onnx__If.html
    """

    then_branch = attribute.body()
    else_branch = attribute.body()
    taken: str | None = None
    """The branch that a known condition always takes."""

    def outputs(self, condition: Fact) -> list[Fact]:
        then, other = self.then_branch, self.else_branch
        if self.walker is None or then is None or other is None:
            raise Undetermined("a branch is missing")
        decided = condition.scalar()
        if isinstance(decided, (bool, int)):
            self.taken = "then_branch" if decided else "else_branch"
        a = self.walker.run_body(then, [], reachable=self.taken != "else_branch")
        b = self.walker.run_body(other, [], reachable=self.taken != "then_branch")
        if self.taken is not None:
            return a if decided else b
        either = Alike()
        return [merge(p, q, either) for p, q in zip(a, b, strict=False)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """The larger branch, field by field; the one taken where the condition is known."""
        if self.taken is not None:
            return self.body_costs.get(self.taken)
        then, other = (self.body_costs.get(k) for k in ("then_branch", "else_branch"))
        return None if then is None or other is None else then.larger(other)


@operator("Loop")
class Loop(Iteration):
    """A body run up to M times while a condition holds: carried values, and outputs stacked.

    https://onnx.ai/onnx/operators/onnx__Loop.html
    """

    body = attribute.body()

    def outputs(
        self, trips: Fact | None = None, condition: Fact | None = None, *initial: Fact | None
    ) -> list[Fact]:
        body = self.body
        if self.walker is None or body is None:
            raise Undetermined("the body is missing")
        state = [UNKNOWN if f is None else f for f in initial]
        if len(body.inputs) != len(state) + 2:
            message = f"Loop's body has {len(body.inputs)} inputs, {len(state) + 2} are needed"
            raise ShapeError("input-count", message, subject="attribute body")
        most: Any = None if trips is None else trips.scalar()
        most = most if isinstance(most, (int, Expr)) else None
        begins = True if condition is None else condition.scalar()
        unrolled = self.unrolled(body, state, trips, most, begins)
        index = fresh(0, _last(most))
        number = Fact("int64", (), (index,))
        runs = not (begins is False or (isinstance(most, int) and most <= 0))

        def run(carried: Sequence[Fact]) -> list[Fact]:
            assert self.walker is not None
            given = [number, Fact("bool", (), (True,)), *carried]
            outs = self.walker.run_body(body, given, reachable=runs)
            if len(outs) < 1 + len(carried):
                raise Undetermined("the body gives fewer outputs than it carries")
            return outs

        last = self.fixpoint(state, run, skip=1)
        goes_on = last[0].scalar()
        self.trips = _count(trips, most, begins, goes_on)
        if unrolled is not None:
            if self.trips is None or isinstance(self.trips, Expr):
                self.trips = unrolled[1]
            return unrolled[0]
        final = self.ended(state, last[1 : 1 + len(state)])
        if self.trips is not None:
            (trip,) = free_symbols(index)
            final = [renamed(f, {trip: self.trips - 1}) for f in final]
        scans = [self.stacked(f, self.trips) for f in last[1 + len(state) :]]
        return [*final, *scans]

    def unrolled(
        self, body: Graph, state: list[Fact], trips: Fact | None, most: Any, begins: Any
    ) -> tuple[list[Fact], int] | None:
        """Facts after running the body once for each iteration, where their number is known and small."""
        walker = self.walker
        if walker is None or walker.trying or not (trips is None or isinstance(most, int)):
            return None
        limit = self.most_unrolled(body)
        if isinstance(most, int) and most > limit:
            return None
        scans: list[list[Fact]] = [[] for _ in range(max(len(body.outputs) - 1 - len(state), 0))]
        count, goes = 0, begins
        with walker.trial():
            while goes is True or (isinstance(goes, int) and goes):
                if isinstance(most, int) and count >= most:
                    break
                if count >= limit or not walker.spare:
                    return None
                number = Fact("int64", (), (count,))
                outs = walker.run_body(body, [number, Fact("bool", (), (True,)), *state])
                if len(outs) != len(body.outputs) or len(outs) < 1 + len(state):
                    return None
                state = outs[1 : 1 + len(state)]
                for row, fact in zip(scans, outs[1 + len(state) :], strict=True):
                    row.append(fact)
                goes, count = outs[0].scalar(), count + 1
            if goes is None and not (isinstance(most, int) and count >= most):
                return None
        if not count:
            return None
        return [*state, *[self.joined(row) for row in scans]], count


def _last(most: Any) -> int | None:
    """The greatest number of a trip."""
    return max(most - 1, 0) if isinstance(most, int) else None


def _count(trips: Fact | None, most: Any, begins: Any, goes_on: Any) -> Dim | None:
    """How often the body runs, where that is certain."""
    if begins is False:
        return 0
    if begins is not True or goes_on is None:
        return 0 if isinstance(most, int) and most <= 0 else None
    if goes_on:
        return None if trips is None or most is None else maximum(most, 0)
    return 1 if trips is None else None if most is None else maximum(minimum(most, 1), 0)


@operator("Scan", since=9)
class Scan(Iteration):
    """A body run once for each slice of the scanned inputs: states carried, outputs stacked.

    https://onnx.ai/onnx/operators/onnx__Scan.html
    """

    body = attribute.body()
    num_scan_inputs = attribute.integer(0)
    scan_input_axes = attribute.integers()
    scan_output_axes = attribute.integers()

    def outputs(self, *inputs: Fact | None) -> list[Fact]:
        n = self.num_scan_inputs
        walker, body, facts = self._given(inputs)
        state, scanned = facts[:-n], facts[-n:]
        axes = self.scan_input_axes or (0,) * n
        slices, self.trips = self._slices(scanned, axes)

        def run(carried: Sequence[Fact]) -> list[Fact]:
            outs = walker.run_body(body, [*carried, *slices])
            if len(outs) < len(carried):
                raise Undetermined("the body gives fewer outputs than it carries")
            return outs

        last = self.fixpoint(state, run, skip=0)
        final = self.ended(state, last[: len(state)])
        rest = last[len(state) :]
        places = self.scan_output_axes or (0,) * len(rest)
        return [
            *final,
            *[self.stacked(f, self.trips, axis) for f, axis in zip(rest, places, strict=False)],
        ]

    def _given(self, inputs: Sequence[Fact | None]) -> tuple[Walker, Graph, list[Fact]]:
        """What runs the body, the body, and the facts of as many inputs as it has."""
        body, n = self.body, self.num_scan_inputs
        if self.walker is None or body is None:
            raise Undetermined("the body is missing")
        facts = [UNKNOWN if f is None else f for f in inputs]
        if not 1 <= n <= len(facts) or len(body.inputs) != len(facts):
            message = f"Scan has {len(facts)} inputs, its body {len(body.inputs)}; {n} are scanned"
            raise ShapeError("input-count", message, subject="attribute num_scan_inputs")
        return self.walker, body, facts

    def _slices(self, scanned: Sequence[Fact], axes: Sequence[int]) -> tuple[list[Fact], Dim | None]:
        """What the body sees of each scanned input, and how many slices there are."""
        length: Dim | None = None
        slices = []
        for i, (fact, axis) in enumerate(zip(scanned, axes, strict=False)):
            if fact.shape is None:
                slices.append(fact.of(None))
                continue
            at = axis_in(self.node, axis, len(fact.shape), name="scan_input_axes")
            length = self._agreed(length, fact.shape[at], i)
            slices.append(fact.of(fact.shape[:at] + fact.shape[at + 1 :]))
        return slices, length

    def _agreed(self, length: Dim | None, size: Dim, i: int) -> Dim:
        common = size if length is None else better(length, size)
        if common is None:
            message = f"Scan's inputs differ in length: {length} and, scan input {i}, {size}"
            raise ShapeError("shape-mismatch", message, subject="attribute body")
        return common


@operator("Scan", since=8)
class BatchedScan(Scan):
    """Scan of opset 8: a batch axis first, the scanned axis second, lengths as first input.

    https://onnx.ai/onnx/operators/onnx__Scan.html
    """

    def outputs(self, lengths: Fact | None = None, *inputs: Fact | None) -> list[Fact]:
        n = self.num_scan_inputs
        walker, body, facts = self._given(inputs)
        batch: Dim | None = None
        inner = []
        for fact in facts:
            if fact.shape:
                batch = fact.shape[0] if batch is None else better(batch, fact.shape[0])
            inner.append(fact.of(fact.shape[1:] if fact.shape else None))
        state, scanned = inner[:-n], inner[-n:]
        slices, self.trips = self._slices(scanned, (0,) * n)

        def run(carried: Sequence[Fact]) -> list[Fact]:
            return walker.run_body(body, [*carried, *slices])

        last = self.fixpoint(state, run, skip=0)
        stacked = [self.stacked(f, self.trips) for f in last[len(state) :]]
        if lengths is not None:
            self.trips = None
        final = self.ended(state, last[: len(state)])
        first = fresh() if batch is None else batch
        self.trips = None if self.trips is None or batch is None else self.trips * batch
        return [f.of(None if f.shape is None else (first, *f.shape)) for f in (*final, *stacked)]
