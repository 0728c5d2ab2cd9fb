"""The recurrence itself, run in NumPy: on inputs that are drawn, given, or chosen to refute a claim."""

# ruff: noqa: N806 - W, R, B and P are the names of the ONNX pages

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.recurrent.field import input_moments
from archlint.analyses.recurrent.quantized import held, times_transposed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import numpy as np

    from archlint.analyses.recurrent.cell import Drive, Recurrence

    Array: TypeAlias = np.ndarray[Any, Any]

STEPS = 60
BATCH = 64
SMALL = 256
"""Units up to which a cell is run on `BATCH` sequences; larger ones cost more and have fewer."""
STRAIN = 3.0
"""How much wider than N(0, 1) inputs may be that nothing is known of, without a verdict falling."""
PERIOD, HELD = 20, 5
"""A strained sequence of table rows repeats its favourite row on the last `HELD` of each `PERIOD` steps."""
ROWS = 128
"""Inputs that are multiplied with W at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One step of a run: every gate's value, and the states after it; rows are the batch."""

    gates: dict[str, Array]
    h: Array
    c: Array | None


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Shares of steps that one gate spends at its ends, and the least and greatest value seen."""

    closed: Array
    open: Array
    lo: Array
    hi: Array
    steps: int


def simulate(
    cell: Recurrence, x: Iterable[Array], h: Array | None = None, c: Array | None = None, dtype: Any = None
) -> Iterator[Moment]:
    """Runs ``cell`` over ``x`` [steps, batch, features] from the states given, zero by default.

    ``x`` may be an array, or give its steps one by one. The equations are those of onnxruntime: gates are clipped, the input of h(C) is not, and
    f = 1 - i with input_forget. Computed in ``dtype`` (float32 by default).
    """
    import numpy as np

    dtype = np.float32 if dtype is None else dtype
    steps = iter(x)
    first = next(steps, None)
    if first is None:
        return
    n, batch = cell.hidden, len(first)
    R = {q: held(w, dtype) for q, w in cell.R.items()}
    b, rb = ({q: w.astype(dtype) for q, w in ws.items()} for ws in (cell.b, cell.rb))
    P = {q: w.astype(dtype) for q, w in cell.P.items()}
    h = np.zeros((batch, n), dtype) if h is None else np.asarray(h, dtype)
    if cell.kind == "LSTM":
        c = np.zeros((batch, n), dtype) if c is None else np.asarray(c, dtype)

    def clip(z: Array) -> Array:
        return z if cell.clip is None else np.clip(z, -cell.clip, cell.clip)

    for driven in _driven(cell.W, chain((first,), steps), max(1, ROWS // max(batch, 1)), dtype):

        def z(q: str, u: dict[str, Array] = driven, h: Array = h, c: Array | None = None) -> Array:
            total = u[q] + times_transposed(h, R[q]) + (b[q] + rb[q])
            return clip(total if c is None or q not in P else total + P[q] * c)

        if cell.kind == "LSTM":
            assert c is not None
            i, g = cell.f(z("input", c=c)), cell.g(z("cell"))
            f = 1 - i if cell.coupled else cell.f(z("forget", c=c))
            c = f * c + i * g
            o = cell.f(z("output", c=c))
            h = o * cell.h(c)
            yield Moment({"input": i, "output": o, "forget": f, "cell": g}, h, c)
        elif cell.kind == "GRU":
            update, reset = cell.f(z("update")), cell.f(z("reset"))
            q = "candidate"
            if cell.linear_before_reset:
                inner = driven[q] + b[q] + reset * (times_transposed(h, R[q]) + rb[q])
            else:
                inner = driven[q] + b[q] + times_transposed(reset * h, R[q]) + rb[q]
            g = cell.g(clip(inner))
            h = (1 - update) * g + update * h
            yield Moment({"update": update, "reset": reset, "candidate": g}, h, None)
        else:
            h = cell.f(z("state"))
            yield Moment({"state": h}, h, None)


def _driven(
    weights: dict[str, Array], steps: Iterator[Array], most: int, dtype: Any
) -> Iterator[dict[str, Array]]:
    """W_q x of each step, ``most`` steps multiplied at once: W is then read once, not once a step."""
    import numpy as np

    while some := [np.asarray(x, dtype) for x in islice(steps, most)]:
        flat = np.concatenate(some)
        made = {q: times_transposed(flat, w).reshape(len(some), -1, len(w)) for q, w in weights.items()}
        for k in range(len(some)):
            yield {q: m[k] for q, m in made.items()}


class Tally:
    """Counts of the steps that gates are at their ends; a state's ends are -1 and 1.

    With ``each`` they are kept for every sequence, else for all together.
    """

    def __init__(self, gates: tuple[str, ...], eps: float, *, each: bool = False) -> None:
        self.gates = gates
        self.eps = eps
        self.each = each
        self.steps = 0
        self.rows = 0
        self._counts: dict[str, list[Array]] = {}

    def add(self, values: Mapping[str, Array]) -> None:
        """Counts one step: of each gate, its values [batch, units]."""
        import numpy as np

        self.steps += 1
        self.rows += len(values[self.gates[0]])
        for q in self.gates:
            value = values[q]
            low, high = (self.eps - 1, 1 - self.eps) if q == "state" else (self.eps, 1 - self.eps)
            closed, opened = value < low, value > high
            new = [
                *(a.astype(np.int32) if self.each else a.sum(0, keepdims=True) for a in (closed, opened)),
                value.min(0),
                value.max(0),
            ]
            old = self._counts.get(q)
            if old is not None:
                new = [
                    old[0] + new[0],
                    old[1] + new[1],
                    np.minimum(old[2], new[2]),
                    np.maximum(old[3], new[3]),
                ]
            self._counts[q] = new

    def measured(self) -> dict[str, Measured]:
        """Shares over all sequences and steps."""
        total = max(self.rows, 1)
        return {
            q: Measured(closed.sum(0) / total, opened.sum(0) / total, lo, hi, total)
            for q, (closed, opened, lo, hi) in self._counts.items()
        }

    def least(self) -> dict[str, tuple[Array, Array]]:
        """The least share of steps, over the sequences, that each gate is closed, and open."""
        assert self.each
        return {
            q: (k[0].min(axis=0) / self.steps, k[1].min(axis=0) / self.steps) for q, k in self._counts.items()
        }


def measure(
    moments: Iterator[Moment], gates: tuple[str, ...], eps: float, valid: Array | None = None
) -> dict[str, Measured]:
    """How often each gate of a run is at its ends.

    ``valid`` [steps, batch] leaves out the steps behind the end of a sequence.
    """
    tally = Tally(gates, eps)
    for step, moment in enumerate(moments):
        if valid is None:
            tally.add(moment.gates)
        elif valid[step].any():
            tally.add({q: moment.gates[q][valid[step]] for q in gates})
    return tally.measured()


def abreast(cell: Recurrence, parts: Mapping[Tally, Iterator[Array]]) -> None:
    """Runs ``cell`` over several inputs side by side, and counts each in its own `Tally`.

    Weights that are converted whenever they are read are so read once a step for all of them.
    """
    import numpy as np

    ends: list[int] = []

    def joined() -> Iterator[Array]:
        for step in zip(*parts.values(), strict=True):
            ends[:] = np.cumsum([len(x) for x in step]).tolist()
            yield np.concatenate(step, dtype=np.float32)

    for moment in simulate(cell, joined()):
        for tally, start, end in zip(parts, [0, *ends], ends, strict=False):
            tally.add({q: moment.gates[q][start:end] for q in tally.gates})


def sequences(hidden: int) -> tuple[int, int]:
    """How many sequences a cell of ``hidden`` units is run on: usual ones, and strained ones."""
    return (BATCH, BATCH) if hidden <= SMALL else (BATCH // 4, BATCH // 8)


def drawn(drive: Drive, batch: int = BATCH, steps: int = STEPS, seed: int = 0) -> Iterator[Array]:
    """Steps [batch, features] from the model of x: the layer below, table rows, a box, Gaussians.

    A layer below was run once, for whoever reads it: of its sequences at most ``batch`` are taken.
    """
    import numpy as np

    if drive.runs is not None and drive.mean is None:
        return iter(drive.runs[0][:, :batch])
    rng = np.random.default_rng(seed)
    table, size = drive.table, (batch, len(drive.lo))
    if drive.mean is not None:
        mean, variance = input_moments(drive)
        deviation = np.sqrt(variance)
        return _repeated(steps, lambda: mean + deviation * rng.standard_normal(size))
    if table is not None:
        return _repeated(steps, lambda: table[rng.integers(len(table), size=batch)])
    if all(drive.known):
        return _repeated(steps, lambda: rng.uniform(drive.lo, drive.hi, size))
    return _repeated(steps, lambda: _gaussian(drive, rng.standard_normal(size)))


def _repeated(steps: int, draw: Callable[[], Array]) -> Iterator[Array]:
    """What ``draw`` gives, ``steps`` times: inputs are never whole."""
    return (draw() for _ in range(steps))


def _gaussian(drive: Drive, x: Array) -> Array:
    """``x`` cut off at the end of its range that is known, if one is."""
    import numpy as np

    low = drive.lo if drive.known[0] else -np.inf
    high = drive.hi if drive.known[1] else np.inf
    return np.clip(x, low, high)


def strained(drive: Drive, batch: int = BATCH, steps: int = STEPS, seed: int = 2) -> Iterator[Array] | None:
    """Inputs that differ from the model of x as real ones may; None where the model is not a guess.

    What nothing is known of is drawn `STRAIN` times wider. Rows of a table are not used equally
    often, nor alone: each of 2 * ``batch`` sequences has a favourite that comes many times in a row, as
    the blanks of indented text do. A layer below is run on its own strained inputs, a known box is
    left at rest.
    """
    import numpy as np

    if drive.mean is not None:
        return None
    if drive.runs is not None:
        return iter(drive.runs[1][:, :batch])
    rng = np.random.default_rng(seed)
    table, size = drive.table, (batch, len(drive.lo))
    if table is not None:
        favourite = rng.permutation(len(table))[: 2 * batch]
        return (
            table[favourite if k % PERIOD >= PERIOD - HELD else rng.integers(len(table), size=len(favourite))]
            for k in range(steps)
        )
    if all(drive.known):
        rest = rng.uniform(drive.lo, drive.hi, size)
        return _repeated(steps, lambda: rest)
    return _repeated(steps, lambda: _gaussian(drive, STRAIN * rng.standard_normal(size)))


def cornered(drive: Drive, batch: int = 8, steps: int = STEPS, seed: int = 1) -> Iterator[Array]:
    """Inputs inside the box: what a proof must survive.

    Half of the sequences jump between corners, a quarter rest at one point, the others are drawn
    anew at each step.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    table, size = drive.table, (batch, len(drive.lo))
    if table is not None:
        return _repeated(steps, lambda: table[rng.integers(len(table), size=batch)])
    rest = rng.random(size)

    def draw() -> Array:
        share = rng.random(size)
        share[::2] = share[::2] > 0.5
        share[1::4] = rest[1::4]
        inside: Array = drive.lo + share * (drive.hi - drive.lo)
        return inside

    return _repeated(steps, draw)


def witnesses(cell: Recurrence, drive: Drive, gate: str, units: list[int], steps: int = 20) -> Array:
    """One input sequence per unit that pushes its gate away from where it rests, [steps, units, d].

    The corner of the box that moves z_d most against its bias, held for the whole run: a cheap
    ascent, which refutes "always saturated" when it succeeds and says nothing when it fails.
    """
    import numpy as np

    W = cell.W[gate][units].astype(np.float64)
    against = -np.sign(cell.bias(gate)[units])[:, None]
    if drive.table is not None:
        score = drive.table.astype(np.float64) @ W.T * against.T
        rows = drive.table[score.argmax(axis=0)].astype(np.float64)
    else:
        rows = np.where(W * against >= 0, drive.hi, drive.lo)
    return np.broadcast_to(rows, (steps, *rows.shape))
