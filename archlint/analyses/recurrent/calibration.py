"""Calibration: the real recurrence run on real inputs, so that stuck gates are measured, not guessed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.recurrent.drive import closed, measured
from archlint.analyses.recurrent.rollout import measure, simulate
from archlint.analyses.recurrent.verdicts import EPS
from archlint.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from archlint.analyses.recurrent.cell import Drive, Recurrence
    from archlint.analyses.recurrent.rollout import Measured

    Array: TypeAlias = np.ndarray[Any, Any]
    Execute: TypeAlias = Callable[[str, Sequence[str], Mapping[str, Array]], dict[str, Array]]

MOST = 1 << 27
"""Elements of calibration input that are run through one cell; the rest is left out, and said so."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Arrays by name: graph inputs, or the input tensor (or the name) of a cell.

    ``execute(path, names, arrays)`` runs the model file up to the tensors named; without it only
    arrays for cells themselves can be used.
    """

    arrays: Mapping[str, Array]
    execute: Execute | None = None
    told: str = "calibration data"


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What one cell was fed: x [steps, batch, features], states, and lengths where sequences differ."""

    x: Array
    h: Array | None = None
    c: Array | None = None
    lengths: Array | None = None


def ordered(sample: Sample, direction: str) -> Sample:
    """``sample`` as the cell reads it: turned round, each sequence within its length, when reverse."""
    import numpy as np

    if direction != "reverse":
        return sample
    if sample.lengths is None:
        return replace(sample, x=sample.x[::-1])
    x = np.zeros_like(sample.x)
    for b, n in enumerate(sample.lengths.astype(int)):
        x[:n, b] = sample.x[:n, b][::-1]
    return replace(sample, x=x)


def seen(cell: Recurrence, sample: Sample, gates: tuple[str, ...], eps: float = EPS) -> dict[str, Measured]:
    """Shares of steps that each gate of ``cell`` really spends at its ends."""
    import numpy as np

    steps, _, features = sample.x.shape
    if features != cell.inputs:
        message = f"calibration gives {features} features, the cell reads {cell.inputs}"
        raise UsageError(message)
    most = max(1, MOST // max(steps * features, 1))
    x = sample.x[:, :most].astype(np.float32)
    h, c = (None if s is None else s[:most] for s in (sample.h, sample.c))
    valid = None
    if sample.lengths is not None:
        valid = np.arange(steps)[:, None] < sample.lengths[None, :most]
    return measure(simulate(cell, x, h, c), gates, eps, valid)


def informed(drive: Drive, sample: Sample) -> Drive:
    """``drive`` with the moments of the sample, its open sides closed by what the sample reaches."""
    import numpy as np

    if drive.table is not None:
        return drive
    x = sample.x.reshape(-1, sample.x.shape[-1])
    known = drive.known
    if not all(known):
        lo = drive.lo if known[0] else np.full_like(drive.lo, -np.inf)
        hi = drive.hi if known[1] else np.full_like(drive.hi, np.inf)
        low, high = x.min(axis=0).astype(np.float64), x.max(axis=0).astype(np.float64)
        lo, hi = np.where(np.isfinite(lo), lo, low), np.where(np.isfinite(hi), hi, high)
        drive = replace(closed(lo, hi, "calibration", (-1.0, 1.0)), known=(True, True))
    return measured(drive, x)


def sample_of(
    arrays: Mapping[str, Array],
    x: str,
    h: str = "",
    c: str = "",
    lengths: str = "",
    *,
    batch_first: bool = False,
) -> Sample | None:
    """A cell's sample out of the tensors of a run; None when its input is not there.

    States lose their axis of directions (the caller picks one), several runs are laid side by side.
    """
    import numpy as np

    given = arrays.get(x)
    if given is not None and given.ndim == 4:
        # every iteration of a loop around the cell is a run of its own
        given = given.swapaxes(0, 1).reshape(given.shape[1], -1, given.shape[3])
    if given is None or given.ndim not in (2, 3) or not given.size:
        return None
    seq = given[:, None] if given.ndim == 2 else given.swapaxes(0, 1) if batch_first else given
    if not np.isfinite(seq).all():
        message = f"calibration data for '{x}' holds NaN or infinity"
        raise UsageError(message)
    return Sample(seq, arrays.get(h), arrays.get(c), arrays.get(lengths))
