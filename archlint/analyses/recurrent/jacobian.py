"""Derivatives of a recurrent step: gates and Jacobians at a point, extreme states, bounds over many steps.

With sigma' = sigma (1 - sigma) and a gate q = a(z), z = W_q x + R_q h + b_q (+ P_q c), the gate's
derivative is dq/dh = D(a'(z)) R_q, where D(v) is the diagonal matrix of v.
"""

# ruff: noqa: N806 - J and M are matrices

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.recurrent.activations import sigmoid

if TYPE_CHECKING:
    import numpy as np

    from archlint.analyses.recurrent.activations import Activation
    from archlint.analyses.recurrent.box import Box
    from archlint.analyses.recurrent.cell import Recurrence

    Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """One step of a cell at (x, h, c): pre-activations, gate values, and the states it makes.

    ``inner`` is a GRU's R h + rb (linear_before_reset) or r h.
    """

    z: dict[str, Array]
    gates: dict[str, Array]
    h: Array
    c: Array | None = None
    inner: Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Extreme:
    """The state that opens or closes a unit's gate most, and the gate's value there."""

    h: Array
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class GradientBound:
    """Bounds on derivatives over ``steps`` steps, for everything in a cell's box.

    ``memory``: |dc_t/dc_0| <= max(f)^t along the cell path alone, for each unit (LSTM).
    ``hidden``: |dh_t/dh_0|_2 with c held fixed at each step. ``state``: the spectral norm of the
    whole Jacobian of (h, c). A bound below 1 proves that gradients die out; a large one proves
    nothing.
    """

    steps: int
    memory: Array | None
    hidden: float
    state: float


def sigmoid_slope(z: Array) -> Array:
    """sigma'(z) = sigma(z) (1 - sigma(z)): at most 1/4, at z = 0."""
    product: Array = sigmoid(z) * sigmoid(-z)
    return product


def gates_at(cell: Recurrence, x: Array, h: Array, c: Array | None = None) -> Point:
    """Gates and next states of ``cell`` at input ``x``, state ``h`` and memory ``c``, all vectors.

    LSTM: c' = f c + i g, h' = o H(c'). GRU: h' = (1 - z) g + z h. RNN: h' = a(z). Computed in
    float64, or in complex128 for complex arguments (for complex-step differentiation).
    """
    import numpy as np

    given = [np.asarray(v) for v in (x, h, c) if v is not None]
    dtype = np.complex128 if any(np.iscomplexobj(v) for v in given) else np.float64
    x, h = np.asarray(x, dtype), np.asarray(h, dtype)
    memory = np.zeros(cell.hidden, dtype) if c is None else np.asarray(c, dtype)

    def pre(gate: str, state: Array, peep: Array | None = None) -> Array:
        total = (
            cell.W[gate].astype(np.float64) @ x + cell.R[gate].astype(np.float64) @ state + cell.bias(gate)
        )
        if peep is not None and gate in cell.P:
            total = total + cell.P[gate].astype(np.float64) * peep
        return _clipped(cell, total)

    if cell.kind == "LSTM":
        z = {"input": pre("input", h, memory), "forget": pre("forget", h, memory), "cell": pre("cell", h)}
        i, g = cell.f(z["input"]), cell.g(z["cell"])
        f = 1 - i if cell.coupled else cell.f(z["forget"])
        new = f * memory + i * g
        z["output"] = pre("output", h, new)
        o = cell.f(z["output"])
        return Point(z, {"input": i, "output": o, "forget": f, "cell": g}, o * cell.h(new), new)
    if cell.kind == "GRU":
        z = {"update": pre("update", h), "reset": pre("reset", h)}
        update, reset = cell.f(z["update"]), cell.f(z["reset"])
        q = "candidate"
        R, rb = cell.R[q].astype(np.float64), cell.rb[q].astype(np.float64)
        driven = cell.W[q].astype(np.float64) @ x + cell.b[q].astype(np.float64)
        inner = R @ h + rb if cell.linear_before_reset else reset * h
        total = driven + reset * inner if cell.linear_before_reset else driven + R @ inner + rb
        z[q] = _clipped(cell, total)
        g = cell.g(z[q])
        gates = {"update": update, "reset": reset, q: g}
        return Point(z, gates, (1 - update) * g + update * h, None, inner)
    z = {"state": pre("state", h)}
    state = cell.f(z["state"])
    return Point(z, {"state": state}, state)


def _clipped(cell: Recurrence, z: Array) -> Array:
    """``z`` inside the clip; the real part decides for complex numbers."""
    import numpy as np

    t = cell.clip
    if t is None:
        return z
    bounded: Array = np.where(z.real > t, t, np.where(z.real < -t, -t, z))
    return bounded


def _slope(cell: Recurrence, activation: Activation, z: Array) -> Array:
    """a'(z), and 0 where the clip holds z."""
    import numpy as np

    slope: Array = activation.slope(z)
    if cell.clip is not None:
        slope = np.where(np.abs(z) >= cell.clip, 0.0, slope)
    return slope


def gate_jacobian(cell: Recurrence, gate: str, x: Array, h: Array, c: Array | None = None) -> Array:
    """dq/dh = D(a'(z_q)) R_q for one gate, [n, n]; with input_forget df/dh = -di/dh.

    What h does by way of a GRU's reset gate, or of the new memory that an output peephole sees, is
    part of it.
    """
    import numpy as np

    point = gates_at(cell, x, h, c)
    if gate == "candidate":
        return _candidate_jacobian(cell, point, h)
    rows = "input" if cell.coupled and gate == "forget" else gate
    activation = cell.g if gate == "cell" else cell.f
    slope = _slope(cell, activation, point.z[rows])
    J: Array = slope[:, None] * cell.R[rows].astype(np.float64)
    if gate == "output" and gate in cell.P:
        J = J + (slope * cell.P[gate])[:, None] * _lstm_jacobian(cell, point, c)[2]
    return -J if rows != gate else J


def _candidate_jacobian(cell: Recurrence, point: Point, h: Array) -> Array:
    import numpy as np

    q = "candidate"
    assert point.inner is not None
    R, n = cell.R[q].astype(np.float64), cell.hidden
    reset = _slope(cell, cell.f, point.z["reset"])[:, None] * cell.R["reset"].astype(np.float64)
    r = point.gates["reset"]
    if cell.linear_before_reset:
        inner = r[:, None] * R + point.inner[:, None] * reset
    else:
        inner = R @ (np.diag(r) + np.asarray(h)[:, None] * reset).reshape(n, n)
    J: Array = _slope(cell, cell.g, point.z[q])[:, None] * inner
    return J


def step_jacobian(cell: Recurrence, x: Array, h: Array, c: Array | None = None) -> Array:
    """dh'/dh over one whole step, with the memory c that enters it held fixed, [n, n].

    LSTM: D(H(c') o') R_o + D(o H'(c')) [D(c f') R_f + D(g i') R_i + D(i g') R_g], where o', f', i',
    g' are slopes at the pre-activations. GRU: D(z) + D((h - g) z') R_z + D(1 - z) dg/dh.
    RNN: D(a') R.
    """
    import numpy as np

    point = gates_at(cell, x, h, c)
    if cell.kind == "RNN":
        return gate_jacobian(cell, "state", x, h)
    if cell.kind == "GRU":
        z, g = point.gates["update"], point.gates["candidate"]
        update = _slope(cell, cell.f, point.z["update"])[:, None] * cell.R["update"].astype(np.float64)
        J: Array = np.diag(z) + (np.asarray(h) - g)[:, None] * update
        J += (1 - z)[:, None] * _candidate_jacobian(cell, point, h)
        return J
    whole: Array = _lstm_jacobian(cell, point, c)[0]
    return whole


def memory_jacobian(cell: Recurrence, x: Array, h: Array, c: Array) -> Array:
    """dc'/dc of an LSTM with h held fixed, [n, n]: D(f), and D(c f' P_f + g i' P_i) with peepholes."""
    return _lstm_jacobian(cell, gates_at(cell, x, h, c), c)[3]


def state_jacobian(cell: Recurrence, x: Array, h: Array, c: Array | None = None) -> Array:
    """d(h', c')/d(h, c) of an LSTM, [2n, 2n]; dh'/dh of the other kinds."""
    import numpy as np

    if cell.kind != "LSTM":
        return step_jacobian(cell, x, h, c)
    hh, hc, ch, cc = _lstm_jacobian(cell, gates_at(cell, x, h, c), c)
    return np.block([[hh, hc], [ch, cc]])


def _lstm_jacobian(cell: Recurrence, point: Point, c: Array | None) -> tuple[Array, Array, Array, Array]:
    """dh'/dh, dh'/dc, dc'/dh and dc'/dc."""
    import numpy as np

    if cell.kind != "LSTM":
        message = f"a {cell.kind} has no memory c"
        raise ValueError(message)
    memory = np.zeros(cell.hidden) if c is None else np.asarray(c, np.float64)
    slopes = {q: _slope(cell, cell.g if q == "cell" else cell.f, z) for q, z in point.z.items()}
    i, o, f, g = (point.gates[q] for q in ("input", "output", "forget", "cell"))
    assert point.c is not None
    return _assembled(
        cell,
        slopes,
        {"write": g - memory if cell.coupled else g, "keep": memory, "input": i, "forget": f, "output": o},
        cell.h(point.c),
        cell.h.slope(point.c),
    )


def _assembled(
    cell: Recurrence, slopes: dict[str, Array], at: dict[str, Array], seen: Array, steep: Array
) -> tuple[Array, Array, Array, Array]:
    """The four blocks out of slopes, values, H(c') and H'(c'); magnitudes give a majorant."""
    import numpy as np

    majorant = bool(at.get("majorant") is not None)
    R = {q: np.abs(r).astype(np.float64) if majorant else r.astype(np.float64) for q, r in cell.R.items()}
    P = {q: np.abs(p).astype(np.float64) if majorant else p.astype(np.float64) for q, p in cell.P.items()}
    none = np.zeros(cell.hidden)
    through_i = at["write"] * slopes["input"]
    through_f = none if cell.coupled else at["keep"] * slopes["forget"]
    ch = (at["input"] * slopes["cell"])[:, None] * R["cell"] + through_i[:, None] * R["input"]
    cc = at["forget"] + through_i * P.get("input", none)
    if not cell.coupled:
        ch = ch + through_f[:, None] * R["forget"]
        cc = cc + through_f * P.get("forget", none)
    out = seen * slopes["output"]
    onto = at["output"] * steep + out * P.get("output", none)
    hh = out[:, None] * R["output"] + onto[:, None] * ch
    return hh, np.diag(onto * cc), ch, np.diag(cc)


def extreme_state(
    cell: Recurrence,
    gate: str,
    unit: int,
    x: Array,
    c: Array | None = None,
    *,
    opening: bool = True,
    radius: float = 1.0,
    box: tuple[Array, Array] | None = None,
) -> Extreme:
    """The h that opens (or closes) gate ``gate`` of ``unit`` most, and the gate's value there.

    In the ball |h|_2 <= radius it is h = +-radius R_d/|R_d|_2, whatever W_d x is, and there
    R_d h = +-radius |R_d|_2. In a ``box`` lo <= h <= hi each element stands at the end that the
    sign of R_dj chooses; for |h_j| <= r_j that gives sum_j |R_dj| r_j.
    """
    import numpy as np

    rows = "input" if cell.coupled and gate == "forget" else gate
    sign = 1.0 if opening is (rows == gate) else -1.0
    row = cell.R[rows][unit].astype(np.float64)
    if box is None:
        norm = float(np.linalg.norm(row))
        h = sign * radius * row / norm if norm else np.zeros(cell.hidden)
    else:
        h = np.where(sign * row >= 0, box[1], box[0]).astype(np.float64)
    point = gates_at(cell, x, h, c)
    return Extreme(h, float(point.gates[gate][unit]))


def gradient_bound(cell: Recurrence, box: Box, steps: int) -> GradientBound:
    """Bounds on the gradient over ``steps`` steps for every input and state in ``box``.

    Each diagonal is taken at its largest over the box and each matrix by absolute values, which
    gives an entrywise majorant M of the step's Jacobian; then |J_t ... J_1|_2 <= |M^t|_2.
    """
    import numpy as np

    whole, hidden = _majorants(cell, box)
    memory = None
    if cell.kind == "LSTM":
        f = np.maximum(np.abs(box.gates["forget"].value[0]), np.abs(box.gates["forget"].value[1]))
        memory = f**steps
    if not np.isfinite(whole).all():
        return GradientBound(steps, memory, float("inf"), float("inf"))
    with np.errstate(over="ignore", invalid="ignore"):
        powers = [np.linalg.matrix_power(m, steps) for m in (hidden, whole)]
    norms = [float(np.linalg.norm(p, 2)) if np.isfinite(p).all() else float("inf") for p in powers]
    return GradientBound(steps, memory, norms[0], norms[1])


def _majorants(cell: Recurrence, box: Box) -> tuple[Array, Array]:
    """Entrywise upper bounds of |d state'/d state| and of |dh'/dh| with c fixed."""
    import numpy as np

    def most(span: tuple[Array, Array]) -> Array:
        return np.maximum(np.abs(span[0]), np.abs(span[1]))

    slopes, value = {}, {}
    for q, gate in box.gates.items():
        activation = cell.g if q in ("cell", "candidate") else cell.f
        rows = box.gates["input"] if cell.coupled and q == "forget" else gate
        slopes[q] = activation.steepest(*rows.z)
        value[q] = most(gate.value)
    if cell.kind == "RNN":
        M = slopes["state"][:, None] * np.abs(cell.R["state"]).astype(np.float64)
        return M, M
    if cell.kind == "GRU":
        h, keep = most(box.h), value["update"]
        new = most(box.gates["update"].complement)
        R = {q: np.abs(r).astype(np.float64) for q, r in cell.R.items()}
        reset = slopes["reset"][:, None] * R["reset"]
        if cell.linear_before_reset:
            reach = R["candidate"] @ h + np.abs(cell.rb["candidate"]).astype(np.float64)
            inner = value["reset"][:, None] * R["candidate"] + reach[:, None] * reset
        else:
            inner = R["candidate"] @ (np.diag(value["reset"]) + h[:, None] * reset)
        M = np.diag(keep) + ((h + value["candidate"]) * slopes["update"])[:, None] * R["update"]
        M = M + (new * slopes["candidate"])[:, None] * inner
        return M, M
    assert box.c is not None
    memory = most(box.c)
    at = {
        "write": value["cell"] + memory if cell.coupled else value["cell"],
        "keep": memory,
        "input": value["input"],
        "forget": value["forget"],
        "output": value["output"],
        "majorant": memory,
    }
    with np.errstate(invalid="ignore"):
        seen = most(cell.h.image(*box.c))
        hh, hc, ch, cc = (
            np.nan_to_num(b, nan=np.inf, posinf=np.inf)
            for b in _assembled(cell, slopes, at, seen, cell.h.steepest(*box.c))
        )
    return np.block([[hh, hc], [ch, cc]]), hh
