"""Statistics of a weight, gathered block by block so that memory stays flat."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archlint.model.weight import Statistics, Weight

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NONE = Statistics(0, 0.0, 0.0, 0, 0, 0, None, None)


def gather(weight: Weight) -> Statistics:
    """What a pass over the numbers of ``weight`` finds; raises `LoadError`."""
    found: Statistics | None = None
    for start, block in weight.blocks():
        part = of_block(block, start)
        found = part if found is None else _joined(found, part)
    if found is None:
        return NONE
    if found.minimum > found.maximum:
        found = replace(found, minimum=0.0, maximum=0.0)
    return replace(found, sampled=True) if found.count < weight.numel else found


def of_block(flat: NDArray[Any], start: int = 0) -> Statistics:
    """Statistics of a flat array whose first element has index ``start``."""
    import numpy as np

    if flat.dtype.kind not in "fiub":
        flat = flat.astype(np.complex128 if flat.dtype.kind == "c" else np.float32)
        if flat.dtype.kind == "c":
            flat = flat.view(np.float64)
    size = int(flat.size)
    if not size:
        return NONE
    low, high = float(flat.min()), float(flat.max())
    zeros = size - int(np.count_nonzero(flat))
    if math.isfinite(low) and math.isfinite(high):
        return Statistics(size, low, high, 0, 0, zeros, None, None)
    nan, inf = np.isnan(flat), np.isinf(flat)
    finite: np.ndarray[Any, Any] = flat[~(nan | inf)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (math.inf, -math.inf)
    first_nan, first_inf = (start + int(m.argmax()) if m.any() else None for m in (nan, inf))
    return Statistics(size, low, high, int(nan.sum()), int(inf.sum()), zeros, first_nan, first_inf)


def _joined(a: Statistics, b: Statistics) -> Statistics:
    return Statistics(
        a.count + b.count,
        min(a.minimum, b.minimum),
        max(a.maximum, b.maximum),
        a.nan + b.nan,
        a.inf + b.inf,
        a.zeros + b.zeros,
        b.first_nan if a.first_nan is None else a.first_nan,
        b.first_inf if a.first_inf is None else a.first_inf,
    )
