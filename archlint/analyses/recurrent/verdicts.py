"""Verdicts on gates: proven, likely and possible, for each unit, and the numbers behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.recurrent import rollout
from archlint.analyses.recurrent.box import GateBox, fixpoint
from archlint.analyses.recurrent.field import Tails, mean_field
from archlint.analyses.recurrent.quantized import row_norms

if TYPE_CHECKING:
    import numpy as np

    from archlint.analyses.recurrent.activations import Activation
    from archlint.analyses.recurrent.box import Box
    from archlint.analyses.recurrent.cell import Drive, Recurrence
    from archlint.analyses.recurrent.rollout import Measured

    Array: TypeAlias = np.ndarray[Any, Any]

EPS = 0.05
"""A gate is closed below eps and open above 1 - eps: for a sigmoid, |z| > ln((1-eps)/eps) = 2.944."""
SCREEN, SURE = 0.9, 0.99
STEADY = {"rows": 0.8, "other": 0.5}
"""Share of the steps of every single sequence on strained inputs that a likely unit keeps to.

Of table rows more is asked: a quarter of the steps repeat one row there, and a unit that gives way
to that row alone stays above 0.75.
"""
BINARY = 0.95
FLAT = 1e-3
ROLLOUT_LIMIT = 2048
"""Units up to which the recurrence is run for the likely tier; above, the mean field alone speaks."""
WITNESSED = 64
ROUNDS = {"float16": 12, "bfloat16": 9, "float32": 25, "float64": 54}
"""sigmoid(z) rounds to 1 from z = k ln 2 on: 8.32, 6.24, 17.33, 37.43."""


@dataclass(frozen=True, slots=True)
class Tiers:
    """Units at one end of a gate; each stands in the strongest tier alone."""

    proven: tuple[int, ...] = ()
    likely: tuple[int, ...] = ()
    possible: tuple[int, ...] = ()

    @property
    def sure(self) -> tuple[int, ...]:
        """Proven and likely together, in order."""
        return tuple(sorted((*self.proven, *self.likely)))

    def reported(self, share: float, units: int) -> tuple[int, ...]:
        """Proven and likely units where a rule should speak: from one proven, or from ``share`` of ``units``."""
        sure = self.sure
        return sure if self.proven or len(sure) >= max(share * units, 1) else ()

    @property
    def standing(self) -> str:
        """How sure `reported` units are: ``3 proven``, or ``likely``."""
        return f"{len(self.proven)} proven" if self.proven else "likely"

    def json(self) -> dict[str, list[int]]:
        """As the report has it."""
        return {
            "proven": list(self.proven),
            "likely": list(self.likely),
            "possible": list(self.possible),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """What is known of one gate of a cell, unit by unit.

    ``lo`` and ``hi`` bound the value over everything that can happen, ``z`` the pre-activation.
    ``rest`` is the value at x = 0, h = 0. ``gradient`` bounds |df_d/dh|_2, the largest slope of
    the gate over its interval times |R_d|_2; ``expected_gradient`` is its mean-field estimate.
    ``never`` stays strictly between the ends, ``constant`` moves by less than 0.001, ``binary``
    is nearly always at one end or the other, ``exact`` rounds to 1 (or 0 for a hard sigmoid) in
    the stored precision, ``refuted`` was seen between the ends for an input inside the box.
    """

    name: str
    closed: Tiers
    open: Tiers
    lo: Array
    hi: Array
    z: tuple[Array, Array]
    rest: Array
    bias: Array
    input_norm: Array
    recurrent_norm: Array
    gradient: Array
    expected_gradient: Array | None = None
    never: tuple[int, ...] = ()
    constant: tuple[int, ...] = ()
    binary: tuple[int, ...] = ()
    exact: tuple[int, ...] = ()
    refuted: tuple[int, ...] = ()
    measured: Measured | None = None

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.lo)

    def why(self, unit: int) -> str:
        """The numbers that hold a unit where it is: bias, |W_d|, |R_d|, and the interval of z."""
        b, w, r = (float(a[unit]) for a in (self.bias, self.input_norm, self.recurrent_norm))
        low, high = float(self.z[0][unit]), float(self.z[1][unit])
        return f"bias {b:.3g}, |W| {w:.3g}, |R| {r:.3g}, z in [{low:.3g}, {high:.3g}]"

    @property
    def max_gradient(self) -> float:
        """The largest bound on |df_d/dh|_2 of any unit."""
        return float(self.gradient.max())

    def time_constants(self) -> Array:
        """Steps in which a unit's memory fades by 1/e at rest: -1/ln f."""
        return time_constant(self.rest)

    @property
    def median_time_constant(self) -> float:
        """The median of the time constants at rest."""
        import numpy as np

        return float(np.median(self.time_constants()))


def time_constant(f: Array) -> Array:
    """-1/ln f: 0.33 steps at 0.05, 1.44 at 0.5, 19.5 at 0.95, 999.5 at 0.999."""
    import numpy as np

    with np.errstate(divide="ignore"):
        log = np.log(np.clip(f, 0.0, 1.0))
        return np.where(log < 0, -1 / np.minimum(log, -1e-300), np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """Boxes, gates and remarks of one cell."""

    box: Box
    gates: dict[str, Gate]
    notes: tuple[str, ...]


def judge(
    cell: Recurrence, drive: Drive, eps: float = EPS, seen: dict[str, Measured] | None = None
) -> Verdict:
    """The verdict on every gate of ``cell``; ``seen`` are shares measured on real inputs.

    Measured shares take the place of the synthetic run: likely is then stuck on more than 99 % of
    the real steps, and possible what only the mean field says.
    """
    box = fixpoint(cell, drive, 3 if cell.hidden > 2048 else 5)
    tails = mean_field(cell, drive, eps, 5 if cell.hidden > 2048 else 10)
    judged = [q for q in cell.gates if q in tails or q == "forget"]
    proven = {q: _proven(box.gates[q], _function(cell, q), eps, q) for q in judged}
    flagged = any(a.any() or b.any() for a, b in proven.values()) or any(
        (t.closed > SCREEN).any() or (t.open > SCREEN).any() for t in tails.values()
    )
    affordable = cell.hidden <= ROLLOUT_LIMIT
    ran: dict[str, Measured] = seen or {}
    corners: dict[str, Measured] = {}
    strained: dict[str, tuple[Array, Array]] = {}
    if flagged and affordable:
        gates, (many, few) = tuple(judged), rollout.sequences(cell.hidden)
        usual, wide, edge = (rollout.Tally(gates, eps, each=each) for each in (False, True, False))
        parts = {edge: rollout.cornered(drive)}
        if not seen:
            parts[usual] = rollout.drawn(drive, many)
            other = rollout.strained(drive, few)
            if other is not None:
                parts[wide] = other
        rollout.abreast(cell, parts)
        corners, strained = edge.measured(), wide.least()
        ran = seen or usual.measured()
    notes = list(cell.notes)
    if flagged and not affordable and not seen:
        notes.append(f"more than {ROLLOUT_LIMIT} units: the likely tier was not run")
    found = {}
    for q in judged:
        found[q] = _gate(
            cell,
            drive,
            q,
            box.gates[q],
            proven[q],
            tails.get(q),
            ran.get(q),
            corners.get(q),
            strained.get(q),
            eps,
            notes,
            measured=bool(seen),
        )
    if seen:
        found = {q: replace(g, measured=seen.get(q)) for q, g in found.items()}
    return Verdict(box, found, tuple(notes))


def _function(cell: Recurrence, gate: str) -> Activation:
    return cell.g if gate in ("cell", "candidate") else cell.f


def _proven(box: GateBox, activation: Activation, eps: float, gate: str) -> tuple[Array, Array]:
    """Which units are closed, and open, for everything in the box."""
    import numpy as np

    lo, hi = box.value
    if gate == "state":
        none = np.zeros(len(lo), bool)
        return (hi < eps - 1, lo > 1 - eps) if activation.name == "tanh" else (none, none)
    inside = (lo >= 0) & (hi <= 1)
    return (hi < eps) & inside, (box.complement[1] < eps) & inside


def _gate(
    cell: Recurrence,
    drive: Drive,
    name: str,
    box: GateBox,
    proven: tuple[Array, Array],
    tails: Tails | None,
    ran: Measured | None,
    corners: Measured | None,
    strained: tuple[Array, Array] | None,
    eps: float,
    notes: list[str],
    *,
    measured: bool = False,
) -> Gate:
    import numpy as np

    activation = _function(cell, name)
    n = cell.hidden
    none = np.zeros(n, bool)
    rows = "input" if cell.coupled and name == "forget" else name
    bias = cell.bias(rows) * (-1.0 if rows != name else 1.0)
    norms = [row_norms(w) for w in (cell.W[rows], cell.R[rows])]
    rest = activation(np.clip(bias, *(-cell.clip, cell.clip)) if cell.clip else bias)
    closed, opened = proven
    refuted = none
    if corners is not None:
        refuted = _between(corners, eps, name)
        broken = (closed | opened) & refuted
        if broken.any():
            notes.append(
                f"internal contradiction: {int(broken.sum())} proofs refuted by simulation, withdrawn"
            )
            closed, opened = closed & ~broken, opened & ~broken
    sides = []
    boxed = all(drive.known) and drive.table is None and drive.runs is None
    for end, (side, sure) in enumerate((("closed", closed), ("open", opened))):
        tail = none.astype(float) if tails is None else getattr(tails, side)
        share = none.astype(float) if ran is None else getattr(ran, side)
        likely = ((tail > SCREEN) | measured) & (share > SURE) & ~sure
        if strained is not None:
            likely &= strained[end] > STEADY["other" if drive.table is None else "rows"]
        if corners is not None and boxed and not measured:
            # a box that is known is also tried at its edges, which uniform draws are not
            likely &= getattr(corners, side) > SURE
        possible = ((tail > SURE) | ((tail > SCREEN) & (share > SURE))) & ~likely & ~sure
        sides.append((sure, likely, possible))
    if ran is not None:
        most = WITNESSED if n <= 512 else WITNESSED // 4
        asked = np.flatnonzero(sides[0][1] | sides[1][1])[:most].tolist()
        if asked and rows == name:
            refuted = refuted | _witnessed(cell, drive, name, asked, eps)
    lo, hi = box.value
    open_end = (eps - 1, 1 - eps) if name == "state" else (eps, 1 - eps)
    steepest = activation.steepest(*box.z)
    binary = none
    if tails is not None and name != "state":
        either = tails.closed + tails.open
        binary = (either > BINARY) & (tails.closed < BINARY) & (tails.open < BINARY)
        if ran is not None:
            binary &= (ran.closed + ran.open > BINARY) & (ran.closed < BINARY) & (ran.open < BINARY)
        binary &= ~(closed | opened | sides[0][1] | sides[1][1])
    return Gate(
        name,
        Tiers(*(_units(mask) for mask in sides[0])),
        Tiers(*(_units(mask) for mask in sides[1])),
        lo,
        hi,
        box.z,
        rest,
        bias,
        norms[0],
        norms[1],
        steepest * norms[1],
        None if tails is None else tails.slope * norms[1],
        never=_units((lo > open_end[0]) & (hi < open_end[1])),
        constant=_units((hi - lo < FLAT) & (norms[1] + norms[0] >= 0)),
        binary=_units(binary),
        exact=_units(_exact(cell, activation, box)),
        refuted=_units(refuted),
    )


def _between(seen: Measured, eps: float, gate: str) -> Array:
    """Units seen away from both ends on some step."""
    import numpy as np

    low, high = (eps - 1, 1 - eps) if gate == "state" else (eps, 1 - eps)
    between: Array = (seen.closed + seen.open < 1) | ((seen.lo < low) & (seen.hi > high))
    return np.asarray(between)


def _witnessed(cell: Recurrence, drive: Drive, gate: str, units: list[int], eps: float) -> Array:
    """Units that an input inside the box takes away from their end."""
    import numpy as np

    x = rollout.witnesses(cell, drive, gate, units)
    low, high = (eps - 1, 1 - eps) if gate == "state" else (eps, 1 - eps)
    found = np.zeros(cell.hidden, bool)
    for moment in rollout.simulate(cell, x):
        own = moment.gates[gate][np.arange(len(units)), units]
        found[units] |= (own > low) & (own < high)
    return found


def _exact(cell: Recurrence, activation: Activation, box: GateBox) -> Array:
    """Units whose gate is exactly 0 or 1 as stored, with a derivative of exactly 0."""
    import numpy as np

    if activation.name == "hardsigmoid":
        low, high = activation.threshold(0.0), activation.threshold(1.0)
        return np.asarray((box.z[0] >= high) | (box.z[1] <= low)) & (activation.alpha > 0)
    if activation.name != "sigmoid":
        return np.zeros(cell.hidden, bool)
    return np.asarray(box.z[0] >= ROUNDS[cell.precision] * np.log(2.0))


def _units(mask: Array) -> tuple[int, ...]:
    import numpy as np

    return tuple(int(i) for i in np.flatnonzero(mask))
