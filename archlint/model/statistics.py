"""Statistics of a weight, gathered block by block so that memory stays flat."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archlint.errors import LoadError
from archlint.model.weight import Statistics, Weight

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TINY = 2048
"""Bytes up to which weights are looked at many at a time: calls cost more than numbers there."""
MIDDLE = 1 << 16
"""Bytes up to which a weight is read in one piece, before anybody asks."""
BATCH = 1 << 20
PLAIN = frozenset({"float32", "float16", "float64", "int8", "uint8", "int16", "int32", "int64"})
NONE = Statistics(0, 0.0, 0.0, 0, 0, 0, None, None)


def gather(weight: Weight) -> Statistics:
    """What a pass over the numbers of ``weight`` finds; raises `LoadError`."""
    if weight.reading is not None and not weight.reading.surveyed:
        weight.reading.surveyed = True
        survey(weight.reading.weights, max(TINY, min(MIDDLE, weight.reading.level)))
        if weight.known is not None:
            return weight.known
    found: Statistics | None = None
    for start, block in weight.blocks():
        part = of_block(block, start)
        found = part if found is None else _joined(found, part)
    if found is None:
        return NONE
    if found.minimum > found.maximum:
        found = replace(found, minimum=0.0, maximum=0.0)
    return replace(found, sampled=True) if found.count < weight.numel else found


def survey(weights: list[Weight], most: int) -> None:
    """Statistics of all weights of up to ``most`` bytes; those with NaN or infinities are left for later."""
    waiting: dict[str, list[tuple[Weight, bytes]]] = {}
    sizes: dict[str, int] = {}
    for weight in weights:
        raw = getattr(weight.source, "raw", None) if weight.dtype in PLAIN else None
        try:
            data = raw(weight, most) if raw is not None else None
        except LoadError:
            continue  # whoever asks for this weight is told
        if data and len(data) > TINY:
            _alone(weight, data)
        elif data:
            dtype = weight.dtype
            waiting.setdefault(dtype, []).append((weight, data))
            sizes[dtype] = sizes.get(dtype, 0) + len(data)
            if sizes[dtype] >= BATCH:
                _batch(dtype, waiting.pop(dtype))
                sizes[dtype] = 0
    for dtype, rest in waiting.items():
        _batch(dtype, rest)


def _alone(weight: Weight, data: bytes) -> None:
    import numpy as np

    found = of_block(np.frombuffer(data, np.dtype(weight.dtype).newbyteorder("<")))
    if not (found.nan or found.inf):
        weight.known = found


def _batch(dtype: str, items: list[tuple[Weight, bytes]]) -> None:
    import numpy as np

    kind = np.dtype(dtype).newbyteorder("<")
    flat = np.frombuffer(b"".join([data for _, data in items]), kind)
    counts = [len(data) // kind.itemsize for _, data in items]
    starts = np.concatenate([[0], np.cumsum(counts[:-1])]).astype(np.intp)
    low = np.minimum.reduceat(flat, starts)
    high = np.maximum.reduceat(flat, starts)
    zeros = np.add.reduceat(flat == 0, starts, dtype=np.int64).tolist()
    fine = (np.isfinite(low) & np.isfinite(high)).tolist()
    lows, highs = low.astype(np.float64).tolist(), high.astype(np.float64).tolist()
    for i, (weight, _) in enumerate(items):
        if fine[i]:
            weight.known = Statistics(counts[i], lows[i], highs[i], 0, 0, zeros[i], None, None)


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
    low, high = float(np.minimum.reduce(flat)), float(np.maximum.reduce(flat))
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
