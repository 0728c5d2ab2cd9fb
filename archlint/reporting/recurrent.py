"""Recurrent cells for the report: as JSON, as a table, and explained in sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from archlint.analyses.recurrent import listed

if TYPE_CHECKING:
    from archlint.analyses import Analysis
    from archlint.analyses.recurrent import Cell, Gate

HEADER = (
    "cell",
    "op",
    "hidden",
    "gate",
    "closed",
    "open",
    "never stuck",
    "tau at rest",
    "max |df/dh|",
    "x range",
)
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
    """Rows under `HEADER`, one a gate; a cell that was not analysed gives one row with the reason."""
    rows: list[tuple[str, ...]] = []
    for cell in analysis.recurrent.cells:
        name = "/".join((*cell.scope, cell.name))
        if cell.direction != "forward":
            name += f" ({cell.direction})"
        op = cell.op if cell.form == "operator" else f"{cell.op}, {cell.form}"
        size = "?" if cell.hidden_size is None else str(cell.hidden_size)
        if not cell.analysed:
            rows.append((name, op, size, f"not analysed, because {cell.reason}", *[""] * (len(HEADER) - 4)))
            continue
        for gate in cell.gates.values():
            told = cell.input_range
            rows.append(
                (
                    name,
                    op,
                    size,
                    gate.name,
                    "/".join(
                        str(len(t)) for t in (gate.closed.proven, gate.closed.likely, gate.closed.possible)
                    ),
                    "/".join(str(len(t)) for t in (gate.open.proven, gate.open.likely, gate.open.possible)),
                    str(len(gate.never)),
                    f"{gate.median_time_constant:.3g}" if gate.name == "forget" else "",
                    f"{gate.max_gradient:.3g}",
                    f"{told} {told.source}" if told is not None else "",
                )
            )
    return rows


def explain(cell: Cell, most: int = 3) -> list[str]:
    """What the verdicts on a cell mean, in sentences: which units, why, what it does, what to try."""
    where = f"{cell.title} '{cell.name}'"
    if not cell.analysed:
        return [f"{where} was not analysed, because {cell.reason}."]
    lines = [f"{where}, {cell.hidden_size} units: bounds hold for every {cell.premise}."]
    lines += [f"Assumed: {note}." for note in cell.notes]
    for gate in cell.gates.values():
        for side, tiers in (("closed", gate.closed), ("open", gate.open)):
            for tier, units in (
                ("proven", tiers.proven),
                ("likely", tiers.likely),
                ("possible", tiers.possible),
            ):
                if units:
                    lines.append(
                        f"{len(units)} of {gate.units} {gate.name} gates are {side} ({tier}): "
                        f"units {listed(units)}. {_EFFECT.get((gate.name, side), '')}".rstrip()
                    )
                    if tier != "possible" and gate.name in _REMEMBERS:
                        lines += [f"  unit {u}: {gate.why(u)}{_seen(gate, u)}" for u in units[:most]]
    if len(lines) == 1 + len(cell.notes):
        lines.append("No gate is stuck.")
    return lines


def _seen(gate: Gate, unit: int) -> str:
    if gate.measured is None:
        return ""
    shut, wide = gate.measured.closed[unit], gate.measured.open[unit]
    return f"; on the calibration data closed {shut:.1%}, open {wide:.1%} of the steps"


_REMEMBERS = frozenset({"forget", "update", "state"})
"""Gates that decide the memory; of the others the unit numbers are enough."""

_EFFECT = {
    ("forget", "closed"): "They forget within a step and their gate has almost no gradient; "
    "try a forget bias of 1, a smaller learning rate, a normalised input.",
    ("forget", "open"): "They keep their memory and can hardly clear it; meant after chrono initialisation.",
    ("input", "closed"): "They never write: their memory stays what it was.",
    ("output", "closed"): "Nobody sees their memory: the unit is dead for the layers above.",
    ("update", "open"): "Their state is frozen: z near 1 keeps h as it is.",
    ("update", "closed"): "They have no memory: z near 0 takes the candidate whole.",
    ("reset", "closed"): "Their candidate ignores the history.",
    ("state", "open"): "Their state stays at +1 and carries no information.",
    ("state", "closed"): "Their state stays at -1 and carries no information.",
}
