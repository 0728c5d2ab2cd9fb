"""Clip, with its bounds as inputs and, before opset 11, as attributes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from archlint.errors import ShapeError
from archlint.model import Fact
from archlint.ops import attribute
from archlint.ops.content import elementwise, known_values
from archlint.ops.cost import Cost
from archlint.ops.elementwise import Elementwise
from archlint.ops.operator import operator
from archlint.symbolic import Expr, maximum, minimum

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archlint.ops.interval import Interval


@operator("Clip", since=11)
class Clip(Elementwise):
    """x, but no less than min and no more than max: two comparisons.

    https://onnx.ai/onnx/operators/onnx__Clip.html
    """

    ulps = 0

    def outputs(self, x: Fact, low: Fact | None = None, high: Fact | None = None) -> list[Fact]:
        for limit, slot in ((low, 1), (high, 2)):
            if limit is not None and limit.shape is not None:
                sizes = [d for d in limit.shape if isinstance(d, int)]
                if any(d != 1 for d in sizes):
                    name = self.node.inputs[slot]
                    message = f"Clip's {('min', 'max')[slot - 1]} must be a scalar, '{name}' is {limit}"
                    raise ShapeError("shape-mismatch", message, subject=f"input {name}")
        if x.content is None and x.weight is None:
            return [Fact(x.dtype, x.shape)]
        ends = []
        for limit in (low, high):
            values = known_values(limit)
            if limit is not None and (values is None or len(values) != 1 or values[0] is None):
                return [Fact(x.dtype, x.shape)]
            ends.append(None if values is None else values[0])
        return [Fact(x.dtype, x.shape, elementwise(_clipper(*ends), [x], x.shape, x.dtype))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Two comparisons for each element, one where a limit is left out."""
        n = outs[0].numel
        return None if n is None else Cost(other=n * sum(f is not None for f in ins[1:]))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        given = [i < len(ins) and ins[i] is not None for i in (1, 2)]
        low = ranges[1] if given[0] else None
        high = ranges[2] if given[1] else None
        lowest = (low.least(), low.greatest()) if low is not None else (-math.inf, -math.inf)
        highest = (high.least(), high.greatest()) if high is not None else (math.inf, math.inf)
        return [_clipped(ranges[0], lowest, highest)]


@operator("Clip")
class ClipByAttributes(Elementwise):
    """x, but no less than min and no more than max (before opset 11).

    https://onnx.ai/onnx/operators/onnx__Clip.html
    """

    min = attribute.number(-math.inf)
    max = attribute.number(math.inf)

    def outputs(self, x: Fact) -> list[Fact]:
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Two comparisons for each element, one where a limit is left out."""
        n = outs[0].numel
        return None if n is None else Cost(other=n * sum(k in self.attrs for k in ("min", "max")))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [_clipped(ranges[0], (self.min, self.min), (self.max, self.max))]


def _clipper(low: Any, high: Any) -> Callable[[Any], Any]:
    def clip(x: Any) -> Any:
        if low is not None:
            x = maximum(x, low) if isinstance(x, Expr) or isinstance(low, Expr) else max(x, low)
        if high is not None:
            x = minimum(x, high) if isinstance(x, Expr) or isinstance(high, Expr) else min(x, high)
        return x

    return clip


def _clipped(x: Interval, low: tuple[float, float], high: tuple[float, float]) -> Interval:
    """min(max(x, low), high) for limits that themselves lie in intervals."""
    import numpy as np

    from archlint.ops.interval import Interval as Range

    lo: Any = np.minimum(np.maximum(x.lo, low[0]), high[0])
    hi: Any = np.minimum(np.maximum(x.hi, low[1]), high[1])
    closed = low[1] > -math.inf and high[1] < math.inf
    return Range(_end(lo), _end(hi), "graph" if closed else x.source)


def _end(value: Any) -> Any:
    return float(value) if value.ndim == 0 else value
