"""Arithmetic of `Interval` s, sound for what a runtime of the output's precision computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.model.dtypes import BITS
from archlint.ops.interval import ANY, Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


MAX_ENDS = 65_536
"""Elements of an endpoint array; larger ones collapse to their extremes."""

_WEAKNESS = ("graph", "embedding", "calibration", "configured", "assumed")
_EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
_LARGEST = {
    "float64": 1.7976931348623157e308,
    "float32": 3.4028234663852886e38,
    "float16": 65504.0,
    "bfloat16": 3.3895313892515355e38,
}


def weakest(ranges: Sequence[Interval]) -> str:
    """The least certain source among ``ranges``: what an interval made from all of them rests on."""
    found = "graph"
    for r in ranges:
        if r.source != found and _rank(r.source) > _rank(found):
            found = r.source
    return found


def _rank(source: str) -> int:
    return _WEAKNESS.index(source) if source in _WEAKNESS else len(_WEAKNESS)


def settled(
    lo: Any, hi: Any, dtype: str | None, ranges: Sequence[Interval], *, ulps: float = 0.5
) -> Interval:
    """``[lo, hi]`` widened by ``ulps`` roundings of ``dtype``; open where the type overflows.

    Integers wrap, so an end beyond the type's range says nothing. An end that is not a number is open.
    """
    import numpy as np

    lo, hi = np.asarray(lo, dtype=np.float64), np.asarray(hi, dtype=np.float64)
    if lo.size > MAX_ENDS or hi.size > MAX_ENDS:
        lo, hi = lo.min(), hi.max()
    lo, hi = np.where(np.isnan(lo), -np.inf, lo), np.where(np.isnan(hi), np.inf, hi)
    if dtype is not None and dtype.startswith(("int", "uint")):
        bits = BITS[dtype] or 64
        signed = not dtype.startswith("u")
        least, most = (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1)) if signed else (0.0, 2.0**bits)
        if not (lo.size and hi.size and lo.min() >= least and hi.max() < most):
            return ANY
    elif ulps:
        eps = _EPSILON.get(dtype or "", 2.0**-2) * 2 * ulps
        with np.errstate(all="ignore"):
            lo = np.where(np.isfinite(lo), lo - np.abs(lo) * eps - 1e-45, lo)
            hi = np.where(np.isfinite(hi), hi + np.abs(hi) * eps + 1e-45, hi)
    largest = _LARGEST.get(dtype or "")
    if largest is not None:
        lo = np.where(lo < -largest, -np.inf, np.minimum(lo, largest))
        hi = np.where(hi > largest, np.inf, np.maximum(hi, -largest))
    return Interval(_plain(lo), _plain(hi), weakest(ranges))


def _plain(end: NDArray[Any]) -> Any:
    return float(end) if end.ndim == 0 else end


def collapsed(ranges: Sequence[Interval]) -> Interval:
    """One interval for every element of all ``ranges``."""
    import numpy as np

    lows = [float(np.min(r.lo)) if np.size(r.lo) else np.inf for r in ranges]
    highs = [float(np.max(r.hi)) if np.size(r.hi) else -np.inf for r in ranges]
    return Interval(min(lows), max(highs), weakest(ranges))


def moved(r: Interval, rank: int | None, function: Callable[[NDArray[Any]], NDArray[Any]]) -> Interval:
    """The interval of a tensor whose elements ``function`` only rearranges.

    Array ends are given all ``rank`` axes first; where that or ``function`` fails, the ends collapse.
    """
    import numpy as np

    if isinstance(r.lo, (int, float)) and isinstance(r.hi, (int, float)):
        return Interval(r.lo, r.hi, r.source)
    if rank is None:
        return collapsed([r])
    ends = []
    for end in (r.lo, r.hi):
        array = np.asarray(end)
        if array.ndim > rank:
            return collapsed([r])
        try:
            ends.append(np.asarray(function(array.reshape((1,) * (rank - array.ndim) + array.shape))))
        except (ValueError, IndexError, TypeError):
            return collapsed([r])
    return Interval(ends[0], ends[1], r.source)
