"""Activations: one output element for each input element, mostly monotone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.ops.cost import Cost
from archlint.ops.interval import Interval
from archlint.ops.operator import Operator, operator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Fact


class Activation(Operator):
    """A function of one element; same shape out."""

    def outputs(self, x: Fact) -> list[Fact]:
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One operation of its own kind for each element."""
        n = outs[0].numel
        return None if n is None else Cost(other=n)


@operator("Relu")
class Relu(Activation):
    """max(x, 0): the negative half is clipped away."""

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        import numpy as np

        (x,) = ranges
        return [Interval(np.maximum(x.lo, 0.0), np.maximum(x.hi, 0.0), x.source)]
