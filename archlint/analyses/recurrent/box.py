"""The box fixpoint: intervals that the states and gates of a cell never leave.

The state box starts at everything the activations allow and is narrowed by running the cell's
equations on intervals. The step is monotone and the start holds every reachable state, so each
iterate does too, and stopping after any number of them is sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.recurrent.activations import sigmoid
from archlint.analyses.recurrent.quantized import blocks

if TYPE_CHECKING:
    import numpy as np

    from archlint.analyses.recurrent.activations import Activation
    from archlint.analyses.recurrent.cell import Drive, Recurrence

    Array: TypeAlias = np.ndarray[Any, Any]
    Span: TypeAlias = tuple[Array, Array]

ITERATIONS = 5
WIDE = 1 << 18
"""Elements of R from which products are taken in the weights' own precision."""
HAIR = 1e-5
"""Relative widening of a state for rounding that accumulates over steps in float32."""
SLACK = 2e-7
"""Absolute and relative widening of one activation: what a runtime's polynomial for it may be off."""


@dataclass(frozen=True, slots=True, eq=False)
class GateBox:
    """Pre-activation and value of one gate over everything that can happen.

    ``complement`` is the interval of 1 - value, computed without cancellation.
    """

    z: Span
    value: Span
    complement: Span


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """Intervals of the states and of every gate; c is None without a cell state."""

    h: Span
    c: Span | None
    gates: dict[str, GateBox]


def affine(weights: Array, lo: Array, hi: Array) -> tuple[Array, Array, Array]:
    """Ends of ``weights @ v`` over the box lo <= v <= hi, and the sum of magnitudes |weights| |v|.

    Exact for a box: W m -+ |W| rho, with m its centre and rho its radius. An infinite end of v
    makes every row that reads it infinite.
    """
    import numpy as np

    finite = np.isfinite(lo) & np.isfinite(hi)
    reading = None
    if not finite.all():
        reading = (weights[:, ~finite] != 0).any(axis=1)
        lo, hi = np.where(finite, lo, 0.0), np.where(finite, hi, 0.0)
    middle, radius = (lo + hi) / 2, (hi - lo) / 2
    size = np.maximum(np.abs(lo), np.abs(hi))
    rows = len(weights)
    low, high, total = np.empty(rows), np.empty(rows), np.empty(rows)
    exact = weights.size <= WIDE or weights.dtype.itemsize != 4
    dtype = np.float64 if exact else np.float32
    columns = np.stack([radius, size], axis=1).astype(dtype)
    for some, part in blocks(weights, dtype):
        centre = (part @ middle.astype(dtype)).astype(np.float64)
        spread = (np.abs(part) @ columns).astype(np.float64)
        low[some] = centre - spread[:, 0]
        high[some] = centre + spread[:, 0]
        total[some] = spread[:, 1]
    if reading is not None:
        low[reading], high[reading] = -np.inf, np.inf
    return low, high, total


def drive_span(cell: Recurrence, drive: Drive, gate: str) -> tuple[Array, Array, Array]:
    """Ends of W_q x for everything x can be, and |W_q| |x|; exact also for an embedding's rows."""
    import numpy as np

    weights = cell.W[gate]
    if drive.table is None:
        return affine(weights, drive.lo, drive.hi)
    _, _, total = affine(weights, drive.lo, drive.hi)
    low, high = np.full(len(weights), np.inf), np.full(len(weights), -np.inf)
    block = max(1, (1 << 22) // max(len(weights), 1))
    wide = weights.astype(np.float64)
    for start in range(0, len(drive.table), block):
        products = drive.table[start : start + block].astype(np.float64) @ wide.T
        low, high = np.minimum(low, products.min(axis=0)), np.maximum(high, products.max(axis=0))
    return low, high, total


def times(a: Span, b: Span) -> Span:
    """Interval product, with 0 times infinity as 0."""
    import numpy as np

    with np.errstate(invalid="ignore"):
        ends = [np.nan_to_num(x * y, nan=0.0, posinf=np.inf, neginf=-np.inf) for x in a for y in b]
    return np.min(ends, axis=0), np.max(ends, axis=0)


def plus(a: Span, b: Span) -> Span:
    """Interval sum."""
    return a[0] + b[0], a[1] + b[1]


def join(a: Span, b: Span) -> Span:
    """The smallest interval that holds both."""
    import numpy as np

    return np.minimum(a[0], b[0]), np.maximum(a[1], b[1])


def meet(a: Span, b: Span) -> Span:
    """What lies in both; each already holds every reachable value, so it cannot be empty."""
    import numpy as np

    low, high = np.maximum(a[0], b[0]), np.minimum(a[1], b[1])
    return np.minimum(low, high), np.maximum(low, high)


def widened(span: Span) -> Span:
    """``span`` and a hair for rounding."""
    import numpy as np

    return span[0] - HAIR * (np.abs(span[0]) + 1e-3), span[1] + HAIR * (np.abs(span[1]) + 1e-3)


def everything(n: int) -> Span:
    """(-inf, inf) for each of n units."""
    import numpy as np

    return np.full(n, -np.inf), np.full(n, np.inf)


def fixpoint(cell: Recurrence, drive: Drive, iterations: int = ITERATIONS) -> Box:
    """The box of ``cell`` when its input lies where ``drive`` says."""
    run = {"LSTM": _Lstm, "GRU": _Gru, "RNN": _Rnn}[cell.kind](cell, drive)
    box = run.step(run.start())
    for _ in range(iterations - 1):
        box = run.step(box)
    return box


class _Machine:
    """Interval arithmetic of one cell, the input's part computed once."""

    def __init__(self, cell: Recurrence, drive: Drive) -> None:
        self.cell = cell
        self.n = cell.hidden
        self.driven = {q: drive_span(cell, drive, q) for q in cell.gates}
        self.gamma = (cell.inputs + cell.hidden + 4) * 2.0**-23

    def start(self) -> Box:
        raise NotImplementedError

    def step(self, box: Box) -> Box:
        raise NotImplementedError

    def initial(self) -> Span:
        """The initial hidden state; without one it is 0."""
        import numpy as np

        h0 = self.cell.h0
        return (np.zeros(self.n), np.zeros(self.n)) if h0 is None else h0

    def rounded(self, z: Span, total: Array) -> Span:
        """``z`` widened by gamma * sum of magnitudes: rounding of the runtime's and our sums."""
        return z[0] - 2 * self.gamma * total, z[1] + 2 * self.gamma * total

    def clipped(self, z: Span) -> Span:
        import numpy as np

        t = self.cell.clip
        return z if t is None else (np.clip(z[0], -t, t), np.clip(z[1], -t, t))

    def pre(self, gate: str, h: Span, c: Span | None = None) -> Span:
        """z_q = W_q x + R_q h + b (+ P_q c), rounding included, clipped as the runtimes do."""
        import numpy as np

        cell = self.cell
        low, high, total = self.driven[gate]
        rlow, rhigh, rtotal = affine(cell.R[gate], *h)
        b = cell.bias(gate)
        z = low + rlow + b, high + rhigh + b
        total = total + rtotal + np.abs(cell.b[gate]) + np.abs(cell.rb[gate])
        weights = cell.P.get(gate)
        if weights is not None and c is not None:
            p = weights.astype(np.float64)
            z = plus(z, times((p, p), c))
            reach = times((np.abs(p), np.abs(p)), (np.abs(c[0]), np.abs(c[1])))
            total = total + np.where(np.isfinite(reach[1]), reach[1], 0.0)
        return self.clipped(self.rounded(z, total))


def gate_box(z: Span, activation: Activation) -> GateBox:
    """A gate's values and their complement over its pre-activation, inside the function's range."""
    import numpy as np

    least, greatest = (float(e[0]) for e in activation.image(*everything(1)))
    low, high = activation.image(*z)
    value = (
        np.clip(low - SLACK * (1 + np.abs(low)), least, greatest),
        np.clip(high + SLACK * (1 + np.abs(high)), least, greatest),
    )
    if activation.name == "sigmoid":
        rest = np.maximum(sigmoid(-z[1]) - 2 * SLACK, 0.0), np.minimum(sigmoid(-z[0]) + 2 * SLACK, 1.0)
        return GateBox(z, value, rest)
    return GateBox(z, value, (1 - value[1], 1 - value[0]))


class _Lstm(_Machine):
    """c' = f c + i g; h' = o H(c')."""

    def start(self) -> Box:
        cell = self.cell
        anywhere = everything(self.n)
        h = join(times(cell.f.image(*anywhere), cell.h.image(*anywhere)), self.initial())
        return Box(widened(h), anywhere, {})

    def step(self, box: Box) -> Box:
        cell, h, c = self.cell, box.h, box.c
        i = gate_box(self.pre("input", h, c), cell.f)
        f = gate_box(self.pre("forget", h, c), cell.f)
        if cell.coupled:
            # onnxruntime computes f = 1 - i and never reads the f rows
            f = GateBox((-i.z[1], -i.z[0]), i.complement, i.value)
        g = gate_box(self.pre("cell", h), cell.g)
        written = times(i.value, g.value)
        new_c = meet(box.c, self.memory(f, written, g)) if box.c is not None else None
        assert new_c is not None
        o = gate_box(self.pre("output", h, new_c), cell.f)
        seen = cell.h.image(*new_c)
        if cell.clip is not None:
            # the ONNX text clips the input of H, onnxruntime does not: hold both
            seen = join(seen, cell.h.image(*self.clipped(new_c)))
        out = widened(times(o.value, seen))
        new_h = meet(box.h, join(out, self.initial()))
        return Box(new_h, new_c, {"input": i, "output": o, "forget": f, "cell": g})

    def memory(self, f: GateBox, written: Span, g: GateBox) -> Span:
        """Bounds of c: with 0 <= f <= 1, c cannot pass max(c0, u/(1-f)), nor c0 + T u."""
        import numpy as np

        cell = self.cell
        start = (np.zeros(self.n), np.zeros(self.n)) if cell.c0 is None else cell.c0
        inside = (f.value[0] >= 0) & (f.value[1] <= 1)
        if cell.coupled:
            # with f = 1 - i in [0, 1] the new memory is a convex combination of c and g
            low, high = widened(join(start, g.value))
        else:
            floor = -self.ceiling(f, -written[0], -start[0])
            low, high = widened((floor, self.ceiling(f, written[1], start[1])))
        if not inside.all():
            reach = np.maximum(np.abs(f.value[0]), np.abs(f.value[1]))
            most = np.maximum(np.abs(written[0]), np.abs(written[1]))
            with np.errstate(all="ignore"):
                bound = np.where(reach < 1, most / (1 - reach), np.where(most > 0, np.inf, 0.0))
            bound = np.maximum(bound, np.maximum(np.abs(start[0]), np.abs(start[1])))
            bound = np.where(reach > 1, np.inf, bound) * (1 + HAIR) + HAIR
            low, high = np.where(inside, low, -bound), np.where(inside, high, bound)
        return low, high

    def ceiling(self, f: GateBox, written: Array, start: Array) -> Array:
        """The most that c can reach when each step adds at most ``written`` (signs may differ)."""
        import numpy as np

        slack = np.where(written >= 0, f.complement[0], f.complement[1])
        with np.errstate(all="ignore"):
            still = np.where(slack > 0, written / slack, np.where(written > 0, np.inf, 0.0))
        still = np.where((slack <= 0) & (written < 0), -np.inf, still)
        most = np.maximum(start, still)
        if self.cell.steps is not None:
            finite = np.maximum(start, 0.0) + self.cell.steps * np.maximum(written, 0.0)
            most = np.minimum(most, finite)
        return most


class _Gru(_Machine):
    """h' = (1 - z) g + z h."""

    def start(self) -> Box:
        cell = self.cell
        h = join(cell.g.image(*everything(self.n)), self.initial())
        if not self.convex():
            h = everything(self.n)
        return Box(widened(h), None, {})

    def convex(self) -> bool:
        """True when the update gate mixes: its values lie in [0, 1]."""
        low, high = self.cell.f.image(*everything(1))
        return bool(low[0] >= 0 and high[0] <= 1)

    def step(self, box: Box) -> Box:
        cell, h = self.cell, box.h
        z = gate_box(self.pre("update", h), cell.f)
        r = gate_box(self.pre("reset", h), cell.f)
        g = gate_box(self.candidate(h, r), cell.g)
        new = widened(join(g.value, self.initial())) if self.convex() else h
        return Box(meet(h, new), None, {"update": z, "reset": r, "candidate": g})

    def candidate(self, h: Span, r: GateBox) -> Span:
        """W x + r (R h + rb) + b with linear_before_reset, else W x + R (r h) + b."""
        import numpy as np

        cell = self.cell
        low, high, total = self.driven["candidate"]
        b, rb = (p["candidate"].astype(np.float64) for p in (cell.b, cell.rb))
        if cell.linear_before_reset:
            rlow, rhigh, rtotal = affine(cell.R["candidate"], *h)
            mixed = times(r.value, (rlow + rb, rhigh + rb))
        else:
            rlow, rhigh, rtotal = affine(cell.R["candidate"], *times(r.value, h))
            mixed = rlow + rb, rhigh + rb
        z = low + mixed[0] + b, high + mixed[1] + b
        return self.clipped(self.rounded(z, total + rtotal + np.abs(b) + np.abs(rb)))


class _Rnn(_Machine):
    """h' = f(W x + R h + b)."""

    def start(self) -> Box:
        return Box(widened(join(self.cell.f.image(*everything(self.n)), self.initial())), None, {})

    def step(self, box: Box) -> Box:
        state = gate_box(self.pre("state", box.h), self.cell.f)
        new = meet(box.h, join(widened(state.value), self.initial()))
        return Box(new, None, {"state": state})
