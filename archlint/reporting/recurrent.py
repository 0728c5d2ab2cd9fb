"""Recurrent cells for the report: as JSON, as a table, and explained in sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from archlint.analyses.recurrent import listed

if TYPE_CHECKING:
    from archlint.analyses import Analysis
    from archlint.analyses.recurrent import Cell, Gate, Tiers

HEADER = ("cell", "gate", "closed", "open", "never stuck", "tau at rest", "max |df/dh|")
"""Columns of `recurrent_table`; closed and open are proven/likely/possible counts."""


def recurrent_json(analysis: Analysis) -> list[dict[str, Any]]:
    """The ``recurrent`` part of the machine-readable report: one object a cell and direction."""
    return [_cell_json(cell) for cell in analysis.recurrent.cells]


def _cell_json(cell: Cell) -> dict[str, Any]:
    told = cell.input_range
    return {
        "name": cell.name,
        "op": cell.op,
        "scope": list(cell.scope),
        "direction": cell.direction,
        "hidden_size": cell.hidden_size,
        "input_size": cell.input_size,
        "form": cell.form,
        "steps_sharing_weights": cell.count,
        "input_range": None if told is None else {"lo": told.lo, "hi": told.hi, "source": told.source},
        "analysed": cell.analysed,
        "reason": cell.reason,
        "assumptions": list(cell.notes),
        "gates": {name: _gate_json(gate) for name, gate in cell.gates.items()},
    }


def _gate_json(gate: Gate) -> dict[str, Any]:
    found: dict[str, Any] = {
        "closed": gate.closed.json(),
        "open": gate.open.json(),
        "never_saturates": list(gate.never),
        "constant": list(gate.constant),
        "binary": list(gate.binary),
        "exact": list(gate.exact),
        "median_time_constant": _number(gate.median_time_constant),
        "max_gradient": _number(gate.max_gradient),
    }
    if gate.measured is not None:
        found["measured"] = {
            "steps": gate.measured.steps,
            "closed": [round(v, 6) for v in gate.measured.closed.tolist()],
            "open": [round(v, 6) for v in gate.measured.open.tolist()],
        }
    return found


def _number(value: float) -> float | None:
    """``value`` rounded to six digits; None for infinity, which JSON does not have."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def recurrent_table(analysis: Analysis) -> list[tuple[str, ...]]:
    """Rows under `HEADER`, one a gate; a cell that was not analysed gives one row that says so."""
    rows: list[tuple[str, ...]] = []
    for cell in analysis.recurrent.cells:
        name = "/".join((*cell.scope, cell.name))
        if cell.direction != "forward":
            name += f" ({cell.direction})"
        if not cell.analysed:
            rows.append((name, "not analysed", *[""] * (len(HEADER) - 2)))
        rows += [
            (
                name if number == 0 else "",
                gate.name,
                _counts(gate.closed),
                _counts(gate.open),
                str(len(gate.never)),
                f"{gate.median_time_constant:.3g}" if gate.name == "forget" else "",
                f"{gate.max_gradient:.3g}",
            )
            for number, gate in enumerate(cell.gates.values())
        ]
    return rows


def _counts(tiers: Tiers) -> str:
    return "/".join(str(len(t)) for t in (tiers.proven, tiers.likely, tiers.possible))


def explain(cell: Cell, most: int = 3) -> list[str]:
    """What the verdicts on a cell mean, line by line: which units, why, what it does, what to try.

    Lines that belong to the one before are indented by two.
    """
    where = f"{cell.title} '{cell.name}'"
    if not cell.analysed:
        return [f"{where} was not analysed, because {cell.reason}."]
    size = f"{cell.hidden_size} units" + (f", {cell.count} steps share its weights" * (cell.count > 1))
    lines = [f"{where} ({size}): judged for every {cell.premise}."]
    lines += [f"  Note: {note}." for note in cell.notes]
    stuck = [
        (gate, side)
        for gate in sorted(cell.gates.values(), key=lambda g: g.name not in _REMEMBERS)
        for side in ("closed", "open")
        if any(_tiers(gate, side))
    ]
    for gate, side in stuck:
        named = zip(("proven", "likely", "possible"), _tiers(gate, side), strict=True)
        units = "; ".join(f"{len(found)} {tier}: {listed(found)}" for tier, found in named if found)
        lines.append(f"{gate.name} gate {side} in {_share(gate, side)} ({units}).")
        effect, remedy = _EFFECT.get((gate.name, side), ("", ""))
        if effect:
            lines.append(f"  {effect}{_numbers(gate, side)}.")
        if gate.name in _REMEMBERS:
            # the surest first; what is only possible needs no reason
            lines += [f"  unit {u}: {gate.why(u)}{_seen(gate, u)}" for u in _surest(gate, side)[:most]]
            if remedy and _surest(gate, side):
                lines.append(f"  Try {remedy}.")
    if not stuck:
        lines.append("No gate is stuck.")
    return lines


def _tiers(gate: Gate, side: str) -> tuple[tuple[int, ...], ...]:
    tiers: Tiers = getattr(gate, side)
    return tiers.proven, tiers.likely, tiers.possible


def _surest(gate: Gate, side: str) -> tuple[int, ...]:
    proven, likely, _ = _tiers(gate, side)
    return (*proven, *likely)


def _share(gate: Gate, side: str) -> str:
    count = sum(len(t) for t in _tiers(gate, side))
    return f"{count} of {gate.units} units"


def _numbers(gate: Gate, side: str) -> str:
    """Time constant and gradient of the proven units of a gate that holds the memory."""
    proven = _tiers(gate, side)[0]
    if gate.name != "forget" or not proven:
        return ""
    least = min(float(gate.lo[u]) for u in proven)
    most = max(float(gate.hi[u]) for u in proven)
    slope = max(float(gate.gradient[u]) for u in proven)
    memory = f"at most {_steps(most)}" if side == "closed" else f"at least {_steps(least)}"
    return f"; proven: its memory lasts {memory} steps, |df/dh| <= {slope:.2g}"


def _steps(f: float) -> str:
    return f"{-1 / math.log(f):.4g}" if 0 < f < 1 else "0" if f <= 0 else "endless"


def _seen(gate: Gate, unit: int) -> str:
    if gate.measured is None:
        return ""
    shut, wide = gate.measured.closed[unit], gate.measured.open[unit]
    return f"; on the calibration data closed {shut:.1%}, open {wide:.1%} of the steps"


_REMEMBERS = frozenset({"forget", "update", "state"})
"""Gates that decide the memory; of the others the unit numbers are enough."""

_EFFECT = {
    ("forget", "closed"): (
        "Such a unit forgets at once, and its gate hardly learns",
        "a forget bias of 1 and a new training; look at the learning rate and the scale of the input",
    ),
    ("forget", "open"): (
        "Such a unit keeps its memory and can hardly clear it (meant after chrono initialisation)",
        "a smaller forget bias, if it was not meant",
    ),
    ("input", "closed"): ("Such a unit never writes: its memory stays what it was", ""),
    ("output", "closed"): ("Nobody sees its memory: the unit is dead for the layers above", ""),
    ("update", "open"): (
        "Such a unit is frozen: z near 1 keeps h as it is",
        "a smaller bias of the update gate; ONNX's z is the share that is kept",
    ),
    ("update", "closed"): ("Such a unit has no memory: z near 0 takes the candidate whole", ""),
    ("reset", "closed"): ("Its candidate ignores the history", ""),
    ("state", "open"): ("The state stays at +1 and carries no information", "smaller weights or inputs"),
    ("state", "closed"): ("The state stays at -1 and carries no information", "smaller weights or inputs"),
}
"""What a stuck gate does, and what to try."""
