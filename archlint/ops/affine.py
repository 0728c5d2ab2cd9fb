"""Interval arithmetic of sums of products: what a linear layer makes of bounded inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.ops.interval import ANY, Interval

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def along(interval: Interval, axis: int) -> tuple[Array, Array]:
    """Ends of ``interval`` along one axis counted from the right (-1 is the last): scalars or vectors.

    An end that varies along other axes gives its extreme over them.
    """
    import numpy as np

    ends = []
    for end, reduce in ((interval.lo, np.min), (interval.hi, np.max)):
        array: Array = np.asarray(end, dtype=np.float64)
        if array.ndim < -axis:
            array = np.asarray(reduce(array))
        else:
            others = tuple(i for i in range(array.ndim) if i != array.ndim + axis)
            array = reduce(array, axis=others)
            if array.shape == (1,):
                array = array.reshape(())
        ends.append(array)
    return ends[0], ends[1]


def product(a: Interval, b: Interval) -> Interval:
    """Values of ``x * y`` for any x and y in the intervals."""
    import numpy as np

    with np.errstate(invalid="ignore", over="ignore"):
        ends = [np.asarray(x, dtype=np.float64) * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
    ends = [np.where(np.isnan(end), 0.0, end) for end in ends]  # 0 times infinity
    low = np.minimum(np.minimum(ends[0], ends[1]), np.minimum(ends[2], ends[3]))
    high = np.maximum(np.maximum(ends[0], ends[1]), np.maximum(ends[2], ends[3]))
    return Interval(low, high, weakest(a, b))


def add(a: Interval, b: Interval) -> Interval:
    """Values of ``x + y`` for any x and y in the intervals."""
    import numpy as np

    with np.errstate(invalid="ignore", over="ignore"):
        low, high = np.add(a.lo, b.lo), np.add(a.hi, b.hi)
    return Interval(
        np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high), weakest(a, b)
    )


def hull(a: Interval, b: Interval) -> Interval:
    """The least interval that holds both."""
    import numpy as np

    return Interval(np.minimum(a.lo, b.lo), np.maximum(a.hi, b.hi), weakest(a, b))


def scaled(a: Interval, factor: float) -> Interval:
    """Values of ``factor * x``."""
    return a if factor == 1 else product(a, Interval(factor, factor))


def repeated(a: Interval, count: int) -> Interval:
    """Sums of ``count`` values, each anywhere in ``a``."""
    return product(Interval(a.least(), a.greatest(), a.source), Interval(count, count))


def weighted(x: tuple[Array, Array], weights: Array, source: str) -> Interval:
    """Sums over the first axis of ``weights[k, ...] * x[k]`` for any x within its ends.

    Exact: each weight takes the end that its sign asks for. `ANY` when a weight is not finite.
    """
    import numpy as np

    if weights.dtype.kind not in "fiub":
        weights = weights.astype(np.float32)
    flat = weights.reshape(len(weights), -1).astype(np.float64)
    if not np.isfinite(flat).all():
        return ANY
    up, down = np.maximum(flat, 0.0), np.minimum(flat, 0.0)
    lo, hi = (np.broadcast_to(end, (len(flat),)) for end in x)
    with np.errstate(over="ignore"):
        low, high = _dot(lo, up) + _dot(hi, down), _dot(hi, up) + _dot(lo, down)
    shape = weights.shape[1:]
    low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    return Interval(low.reshape(shape), high.reshape(shape), source)


def _dot(ends: Array, weights: Array) -> Array:
    """``ends @ weights`` where an infinite end counts only through weights that are not 0."""
    import numpy as np

    infinite = np.isinf(ends)
    if not infinite.any():
        return np.asarray(ends @ weights)
    total = np.where(infinite, 0.0, ends) @ weights
    reach = np.sign(weights[infinite]) * np.sign(ends[infinite])[:, None]
    total = np.where((reach > 0).any(axis=0), np.inf, total)
    return np.where((reach < 0).any(axis=0), -np.inf, total)


def weakest(*intervals: Interval) -> str:
    """The source that a conclusion from ``intervals`` inherits: any assumption taints it."""
    order = ("assumed", "calibration", "configured", "embedding", "graph")
    return min(
        (i.source for i in intervals), key=lambda s: order.index(s) if s in order else 0, default="graph"
    )
