"""A body that runs many times: the facts that hold in every run."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from archlint.model import Fact
from archlint.ops.merging import merge, same
from archlint.ops.operator import Operator
from archlint.symbolic import Dim, Expr, Symbol, free_symbols, fresh, symbol

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
    ) -> tuple[list[Fact], list[Fact]]:
        """Carried facts that hold after any number of runs, and the body's outputs in any run.

        ``skip`` outputs precede the carried ones. What differs between two runs becomes unknown; the
        last walk is made with what holds before every run, so its facts hold in every run.
        """
        count = len(initial)
        state = [_plain(f) for f in initial]
        rounds = MAX_ROUNDS
        if self.walker is not None and self.walker.trying:
            # nested bodies are tried once, with the widest facts: no power of the depth
            state, rounds = [_widest(f) for f in state], 0
        else:
            with nullcontext() if self.walker is None else self.walker.trial():
                born: set[Dim] = set()
                for _ in range(rounds):
                    outs = run(state)[skip : skip + count]
                    merged = [_merged(a, b, born) for a, b in zip(state, outs, strict=True)]
                    if all(same(a, b) for a, b in zip(state, merged, strict=True)):
                        break
                    state = merged
                else:
                    state = [_widest(f) for f in state]
        outs = run(state)
        after = outs[skip : skip + count]
        moving = _own_symbols(state, initial)
        final = [_settled(merge(_plain(a), b), moving) for a, b in zip(initial, after, strict=True)]
        return final, [*outs[:skip], *after, *[_settled(f, moving) for f in outs[skip + count :]]]

    def stacked(self, fact: Fact, trips: Dim | None, axis: int = 0) -> Fact:
        """The outputs ``fact`` of every run, put together along a new axis."""
        if fact.shape is None:
            return fact.of(None)
        at = axis + len(fact.shape) + 1 if axis < 0 else axis
        count = fresh() if trips is None else trips
        return fact.of((*fact.shape[:at], count, *fact.shape[at:]))

    def most_unrolled(self, body: Graph) -> int:
        """How many runs are worth walking one by one."""
        return min(MAX_UNROLLED, MAX_UNROLLED_RUNS // max(len(body.nodes), 1))

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """The body's cost times the number of runs, a symbol of its own where that is not known."""
        body = self.body_costs.get("body")
        if body is None:
            return None
        trips = self.trips
        if trips is None or (isinstance(trips, Expr) and not trips.known):
            trips = symbol(f"runs({self.node.label})", least=0)
        return body.times(trips)


def _plain(fact: Fact) -> Fact:
    """The fact without what ties it to one stored tensor: a later run carries another."""
    if fact.weight is None and not fact.constant:
        return fact
    return Fact(fact.dtype, fact.shape, fact.values, None, False, fact.kind, fact.element, fact.items)


def _merged(before: Fact, after: Fact, born: set[Dim]) -> Fact:
    """What holds before this run and after it; an unknown that was ``born`` here stays the same one."""
    found = merge(before, after)
    if before.shape is None or found.shape is None or len(before.shape) != len(found.shape):
        return found
    shape = []
    for old, new in zip(before.shape, found.shape, strict=True):
        if old in born or old == new:
            shape.append(old)
        else:
            born.add(new)
            shape.append(new)
    return Fact(found.dtype, tuple(shape), found.content)


def _widest(fact: Fact) -> Fact:
    if fact.kind != "tensor":
        return Fact(fact.dtype, kind=fact.kind)
    return Fact(fact.dtype)


def _symbols(fact: Fact) -> set[Symbol]:
    found: set[Symbol] = set()
    for value in (*(fact.shape or ()), *(fact.content or ())):
        if isinstance(value, Expr) and not value.known:
            found |= {s for s in free_symbols(value) if not s.known}
    return found


def _own_symbols(state: Sequence[Fact], initial: Sequence[Fact]) -> set[Symbol]:
    """Unknowns of the loop's state that stand for another size in each run."""
    before = set[Symbol]().union(*map(_symbols, initial))
    return set[Symbol]().union(*map(_symbols, state)) - before


def _mentions(fact: Fact, symbols: set[Symbol]) -> bool:
    return bool(symbols) and not symbols.isdisjoint(_symbols(fact))


def _settled(fact: Fact, moving: set[Symbol]) -> Fact:
    """The fact outside the loop: a size that moves from run to run is an unknown of its own."""
    if fact.kind != "tensor" or fact.shape is None:
        return fact if fact.kind != "tensor" else Fact(fact.dtype)
    if not _mentions(fact, moving):
        return Fact(fact.dtype, fact.shape, fact.content)

    def moves(value: object) -> bool:
        return isinstance(value, Expr) and not value.known and not free_symbols(value).isdisjoint(moving)

    shape = tuple(fresh() if moves(d) else d for d in fact.shape)
    content = None
    if fact.content is not None:
        content = tuple(None if moves(v) else v for v in fact.content)
    return Fact(fact.dtype, shape, content)
