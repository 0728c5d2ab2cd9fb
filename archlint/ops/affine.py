"""Interval arithmetic of sums of products: what a linear layer makes of bounded inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.ops.interval import ANY, Interval
from archlint.ops.ranges import settled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from archlint.model import Fact

    Array = np.ndarray[Any, Any]

ROUNDING = 2.0**-22
"""Relative error allowed to each operation in single precision: four times its rounding."""
COARSE = frozenset({"float16", "bfloat16"})


def finished(found: Sequence[Interval], ranges: Sequence[Interval], outs: Sequence[Fact]) -> list[Interval]:
    """Intervals computed for single precision, opened where the output's type rounds more coarsely.

    Ends that the type cannot hold are open too.
    """
    results = []
    for interval, fact in zip(found, outs, strict=False):
        if fact.dtype in COARSE:
            results.append(ANY)
        else:
            results.append(settled(interval.lo, interval.hi, fact.dtype, ranges, ulps=2))
    return results


def _widened(low: Array, high: Array, magnitude: Any, source: str) -> Interval:
    """``[low, high]`` with room for the rounding of values up to ``magnitude``."""
    import numpy as np

    with np.errstate(invalid="ignore"):
        slack = np.asarray(magnitude) * ROUNDING
        slack = np.where(np.isfinite(slack), slack, 0.0)
        low, high = low - slack, high + slack
    return Interval(np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high), source)


def roomier(a: Interval, part: Interval) -> Interval:
    """``a`` with room for the rounding of a number as large as ``part``."""
    import numpy as np

    return _widened(np.asarray(a.lo), np.asarray(a.hi), 4 * reach(part), a.source)


def reach(interval: Interval) -> Any:
    """The largest magnitude in an interval."""
    import numpy as np

    return np.maximum(np.abs(interval.lo), np.abs(interval.hi))


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
    return _widened(low, high, np.maximum(np.abs(low), np.abs(high)), weakest(a, b))


def add(a: Interval, b: Interval) -> Interval:
    """Values of ``x + y`` for any x and y in the intervals."""
    import numpy as np

    with np.errstate(invalid="ignore", over="ignore"):
        low, high = np.add(a.lo, b.lo), np.add(a.hi, b.hi)
    return _widened(low, high, reach(a) + reach(b), weakest(a, b))


def hull(a: Interval, b: Interval) -> Interval:
    """The least interval that holds both."""
    import numpy as np

    return Interval(np.minimum(a.lo, b.lo), np.maximum(a.hi, b.hi), weakest(a, b))


def scaled(a: Interval, factor: float) -> Interval:
    """Values of ``factor * x``."""
    return a if factor == 1 else product(a, Interval(factor, factor))


def repeated(a: Interval, count: int) -> Interval:
    """Sums of ``count`` values, each anywhere in ``a``."""
    total = product(Interval(a.least(), a.greatest(), a.source), Interval(count, count))
    return add(
        total, Interval(-float(reach(total)) * ROUNDING * count, float(reach(total)) * ROUNDING * count)
    )


def averaged(a: Interval, count: int) -> Interval:
    """Means of ``count`` values in ``a``: the interval itself, with room for the rounding of the sum."""
    import numpy as np

    return _widened(np.asarray(a.lo), np.asarray(a.hi), reach(a) * (1 + count / 2), a.source)


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
    with np.errstate(over="ignore", invalid="ignore"):
        magnitude = _dot(np.maximum(np.abs(lo), np.abs(hi)), np.abs(flat)) * (1 + len(flat) / 2)
    return _widened(low.reshape(shape), high.reshape(shape), magnitude.reshape(shape), source)


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
