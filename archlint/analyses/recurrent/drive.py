"""What is known of a cell's input: an embedding's rows, the range the graph gives, or an assumption."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.dataflow import attributes
from archlint.analyses.recurrent.cell import Drive
from archlint.errors import Undetermined

if TYPE_CHECKING:
    import numpy as np

    from archlint.analyses.analysis import Analysis
    from archlint.analyses.dataflow import Origin
    from archlint.ops import Interval

    Array: TypeAlias = np.ndarray[Any, Any]

LARGEST_TABLE = 1 << 27
"""Elements of an embedding that are looked at row by row; a larger one is taken as a box."""
_PASSING = frozenset({"Identity", "Dropout", "Cast"})
_RESHAPING = frozenset({"Reshape", "Unsqueeze", "Squeeze", "Flatten"})


def drive_of(analysis: Analysis, origin: Origin, features: int) -> Drive:
    """The drive of a cell whose input is the tensor ``origin`` with ``features`` on its last axis."""
    table = _rows(analysis, origin, features)
    if table is not None:
        told = f"the {len(table)} rows of the embedding"
        return Drive(table.min(axis=0), table.max(axis=0), "embedding", told, table, known=(True, True))
    interval = analysis.ranges.at(origin)
    lo, hi = per_feature(interval, features)
    drive = closed(lo, hi, interval.source, analysis.assumed_range, maker(origin))
    if drive.source == "assumed" and analysis.range_given:
        return replace(drive, source="configured", known=(True, True))
    return drive


def maker(origin: Origin) -> str:
    """What makes a tensor, for messages."""
    if origin.step is not None:
        return f"{origin.step.node.kind} '{origin.step.node.label}'"
    if origin.weight is not None:
        return f"weight '{origin.name}'"
    return f"input '{origin.name}'"


def closed(lo: Array, hi: Array, source: str, assumed: tuple[float, float], told: str = "") -> Drive:
    """A box with both sides finite: the open ones closed by the assumption, and marked so."""
    import numpy as np

    below, above = bool(np.isfinite(lo).all()), bool(np.isfinite(hi).all())
    low, high = assumed
    width = high - low
    new_lo = np.where(np.isfinite(lo), lo, np.where(hi > low, low, hi - width))
    new_hi = np.where(np.isfinite(hi), hi, np.where(lo < high, high, lo + width))
    if (np.isfinite(lo).any() and not below) or (np.isfinite(hi).any() and not above):
        told += " (in part)"
    known = source if source in ("configured", "calibration", "embedding") else "graph"
    return Drive(new_lo, new_hi, known if below and above else "assumed", told, known=(below, above))


def per_feature(interval: Interval, features: int) -> tuple[Array, Array]:
    """Ends of an interval for each entry of the last axis."""
    import numpy as np

    ends = []
    for end, reduce in ((interval.lo, np.min), (interval.hi, np.max)):
        array: Array = np.asarray(end, np.float64)
        if array.ndim > 1:
            array = reduce(array, axis=tuple(range(array.ndim - 1)))
        if array.size not in (1, features):
            array = reduce(array)
        ends.append(np.broadcast_to(array.reshape(-1), (features,)))
    return ends[0], ends[1]


def _rows(analysis: Analysis, origin: Origin, features: int) -> Array | None:
    """The only vectors the tensor's last axis can hold: rows of a constant table that is gathered."""
    import numpy as np

    flow, constants = analysis.dataflow, analysis.constants
    scale: Array | None = None
    zero: Array | None = None
    if origin.weight is not None:
        # a decomposed cell is traced back through the Gather to the table itself
        return _table(analysis, origin, features)
    for _ in range(64):
        step = origin.step
        if step is None or step.node.domain:
            return None
        node, attrs = step.node, attributes(origin.scope, step.node)
        kind = node.op_type
        if kind == "Gather":
            break
        fact = step.ins[0] if step.ins else None
        if kind == "DequantizeLinear" and scale is None and len(node.inputs) > 1:
            scale = constants.known(node.inputs[1], origin.scope)
            zero = constants.known(node.inputs[2], origin.scope) if len(node.inputs) > 2 else None
            if scale is None or scale.size != 1:
                return None
        elif kind == "Transpose":
            perm = attrs.get("perm")
            if not isinstance(perm, tuple) or perm[-1] != len(perm) - 1:
                return None
        elif kind in _RESHAPING:
            if fact is None or not fact.shape or fact.shape[-1] != features:
                return None
        elif kind not in _PASSING:
            return None
        before = flow.input(origin, 0)
        if before is None:
            return None
        origin = before
    else:
        return None
    assert origin.step is not None
    if attributes(origin.scope, origin.step.node).get("axis", 0) != 0:
        return None
    wide = _table(analysis, flow.origin(origin.step.node.inputs[0], origin.scope), features)
    if wide is None:
        return None
    if scale is not None:
        wide = (wide - (0.0 if zero is None else zero.astype(np.float32))) * scale.astype(np.float32)
    return wide if np.isfinite(wide).all() else None


def _table(analysis: Analysis, origin: Origin, features: int) -> Array | None:
    """A stored matrix with one row of ``features`` for each thing that is looked up."""
    import numpy as np

    try:
        table = analysis.constants.at(origin)
    except Undetermined:
        return None
    if table.ndim != 2 or table.shape[1] != features or not table.size or table.size > LARGEST_TABLE:
        return None
    wide = table.astype(np.float32)
    return wide if np.isfinite(wide).all() else None


def turned(drive: Drive) -> Drive:
    """``drive`` as a cell reads it that goes from the last step to the first."""
    if drive.runs is None:
        return drive
    return replace(drive, runs=(drive.runs[0][::-1], drive.runs[1][::-1]))


def measured(drive: Drive, x: Array) -> Drive:
    """``drive`` with the moments of inputs that were really seen, ``x`` [..., features]."""
    import numpy as np

    flat = x.reshape(-1, x.shape[-1]).astype(np.float64)
    return replace(drive, mean=flat.mean(axis=0), variance=flat.var(axis=0))
