"""The recurrence itself, run in NumPy: on inputs that are drawn, given, or chosen to refute a claim."""

# ruff: noqa: N806 - W, R, B and P are the names of the ONNX pages

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.recurrent.field import input_moments
from archlint.analyses.recurrent.quantized import held, times_transposed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

    from archlint.analyses.recurrent.cell import Drive, Recurrence

    Array: TypeAlias = np.ndarray[Any, Any]

STEPS = 60
BATCH, LARGE = 64, 16
"""Sequences of a synthetic run: of a cell up to `SMALL` units, and of a larger one, which costs more."""
SMALL = 256
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
    cell: Recurrence, x: Array, h: Array | None = None, c: Array | None = None, dtype: Any = None
) -> Iterator[Moment]:
    """Runs ``cell`` over ``x`` [steps, batch, features] from the states given, zero by default.

    The equations are those of onnxruntime: gates are clipped, the input of h(C) is not, and
    f = 1 - i with input_forget. Computed in ``dtype`` (float32 by default).
    """
    import numpy as np

    dtype = np.float32 if dtype is None else dtype
    n, batch = cell.hidden, x.shape[1]
    R = {q: held(w, dtype) for q, w in cell.R.items()}
    b, rb = ({q: w.astype(dtype) for q, w in ws.items()} for ws in (cell.b, cell.rb))
    P = {q: w.astype(dtype) for q, w in cell.P.items()}
    h = np.zeros((batch, n), dtype) if h is None else np.asarray(h, dtype)
    if cell.kind == "LSTM":
        c = np.zeros((batch, n), dtype) if c is None else np.asarray(c, dtype)

    def clip(z: Array) -> Array:
        return z if cell.clip is None else np.clip(z, -cell.clip, cell.clip)

    for driven in _driven(cell.W, x, dtype):

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


def _driven(weights: dict[str, Array], x: Array, dtype: Any) -> Iterator[dict[str, Array]]:
    """W_q x of each step, many steps multiplied at once: W is then read once, not once a step."""
    import numpy as np

    block = max(1, ROWS // max(x.shape[1], 1))
    for start in range(0, len(x), block):
        part = np.asarray(x[start : start + block], dtype)
        flat = part.reshape(-1, part.shape[-1])
        made = {q: times_transposed(flat, w).reshape(*part.shape[:2], -1) for q, w in weights.items()}
        for k in range(len(part)):
            yield {q: m[k] for q, m in made.items()}


def measure(
    moments: Iterator[Moment], gates: tuple[str, ...], eps: float, valid: Array | None = None
) -> dict[str, Measured]:
    """How often each gate of a run is at its ends; a state's ends are -1 and 1.

    ``valid`` [steps, batch] leaves out the steps behind the end of a sequence.
    """
    import numpy as np

    counts: dict[str, list[Array]] = {}
    total = 0
    for step, moment in enumerate(moments):
        kept = None if valid is None else valid[step]
        if kept is not None and not kept.any():
            continue
        total += int(kept.sum()) if kept is not None else len(moment.h)
        for q in gates:
            value = moment.gates[q] if kept is None else moment.gates[q][kept]
            low, high = (eps - 1, 1 - eps) if q == "state" else (eps, 1 - eps)
            new = [(value < low).sum(0), (value > high).sum(0), value.min(0), value.max(0)]
            old = counts.get(q)
            if old is not None:
                new = [
                    old[0] + new[0],
                    old[1] + new[1],
                    np.minimum(old[2], new[2]),
                    np.maximum(old[3], new[3]),
                ]
            counts[q] = new
    total = max(total, 1)
    return {q: Measured(k[0] / total, k[1] / total, k[2], k[3], total) for q, k in counts.items()}


def steadiest(
    moments: Iterator[Moment], gates: tuple[str, ...], eps: float
) -> dict[str, tuple[Array, Array]]:
    """The least share of steps, over the sequences of a run, that each gate is closed, and open."""
    counts: dict[str, tuple[Array, Array]] = {}
    total = 0
    for moment in moments:
        total += 1
        for q in gates:
            low, high = (eps - 1, 1 - eps) if q == "state" else (eps, 1 - eps)
            closed, opened = moment.gates[q] < low, moment.gates[q] > high
            old = counts.get(q)
            counts[q] = (closed + 0, opened + 0) if old is None else (old[0] + closed, old[1] + opened)
    return {q: (k[0].min(axis=0) / total, k[1].min(axis=0) / total) for q, k in counts.items()}


def sequences(hidden: int) -> int:
    """How many sequences the synthetic run of a cell of ``hidden`` units has."""
    return BATCH if hidden <= SMALL else LARGE


def drawn(drive: Drive, batch: int = BATCH, steps: int = STEPS, seed: int = 0) -> Array:
    """Inputs [steps, batch, features] from the model of x: the layer below, table rows, a box, Gaussians.

    A layer below was run once, for whoever reads it: of its sequences at most ``batch`` are taken.
    """
    import numpy as np

    if drive.runs is not None and drive.mean is None:
        return drive.runs[0][:, :batch]
    rng = np.random.default_rng(seed)
    if drive.table is not None and drive.mean is None:
        rows: Array = drive.table[rng.integers(len(drive.table), size=(steps, batch))]
        return rows
    size = (steps, batch, len(drive.lo))
    if drive.mean is None and all(drive.known):
        return _stepwise(size, lambda one: rng.uniform(drive.lo, drive.hi, one))
    if drive.mean is None:
        low = drive.lo if drive.known[0] else -np.inf
        high = drive.hi if drive.known[1] else np.inf
        return _stepwise(size, lambda one: np.clip(rng.standard_normal(one), low, high))
    mean, variance = input_moments(drive)
    return _stepwise(size, lambda one: mean + np.sqrt(variance) * rng.standard_normal(one))


def _stepwise(size: tuple[int, int, int], draw: Callable[[tuple[int, int]], Array]) -> Array:
    """float32 inputs [steps, batch, features] drawn a step at a time: double precision is never whole."""
    import numpy as np

    x = np.empty(size, np.float32)
    for step in x:
        step[:] = draw(size[1:])
    return x


def strained(drive: Drive, batch: int = BATCH, steps: int = STEPS, seed: int = 2) -> Array | None:
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
        return drive.runs[1][:, :batch]
    rng = np.random.default_rng(seed)
    if drive.table is not None:
        rows = len(drive.table)
        favourite = rng.permutation(rows)[: 2 * batch]
        shape = (steps, len(favourite))
        repeated = (np.arange(steps) % PERIOD >= PERIOD - HELD)[:, None]
        picked = np.where(repeated, favourite, rng.integers(rows, size=shape))
        chosen: Array = drive.table[picked]
        return chosen
    size = (steps, batch, len(drive.lo))
    if all(drive.known):
        rest = rng.uniform(drive.lo, drive.hi, size[1:]).astype(np.float32)
        return np.broadcast_to(rest, size)
    low = drive.lo if drive.known[0] else -np.inf
    high = drive.hi if drive.known[1] else np.inf
    return _stepwise(size, lambda one: np.clip(STRAIN * rng.standard_normal(one), low, high))


def cornered(drive: Drive, steps: int = 24, batch: int = 8, seed: int = 1) -> Array:
    """Inputs inside the box: what a proof must survive.

    Half of the sequences jump between corners, a quarter rest at one point, the others are drawn
    anew at each step.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    if drive.table is not None:
        rows: Array = drive.table[rng.integers(len(drive.table), size=(steps, batch))]
        return rows
    size = (steps, batch, len(drive.lo))
    share = rng.random(size)
    share[:, ::2] = share[:, ::2] > 0.5
    share[:, 1::4] = share[:1, 1::4]
    inside: Array = drive.lo + share * (drive.hi - drive.lo)
    return inside


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
