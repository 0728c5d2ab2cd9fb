"""`Cost`: how often an operator multiplies, adds, and does anything else."""

from __future__ import annotations

from dataclasses import dataclass

from archlint.symbolic import Dim, maximum


@dataclass(frozen=True, slots=True)
class Cost:
    """Exact operation counts; every field is a `Dim`.

    ``macs``: multiply-accumulate pairs of linear algebra. ``mults``: every multiplication, the
    macs' included. ``adds``: every addition and subtraction. ``other``: comparisons, divisions,
    transcendental functions, rounding.
    """

    macs: Dim = 0
    mults: Dim = 0
    adds: Dim = 0
    other: Dim = 0

    @classmethod
    def linear(cls, outputs: Dim, terms: Dim, *, bias: bool = False) -> Cost:
        """Sums of products: ``outputs`` elements, each a sum of ``terms`` products (+ a bias)."""
        macs = outputs * terms
        return cls(macs, macs, macs if bias else macs - outputs)

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.macs + other.macs,
            self.mults + other.mults,
            self.adds + other.adds,
            self.other + other.other,
        )

    def times(self, count: Dim) -> Cost:
        """This work done ``count`` times."""
        return Cost(self.macs * count, self.mults * count, self.adds * count, self.other * count)

    def larger(self, other: Cost) -> Cost:
        """The field-wise maximum, for two branches of which one runs."""
        return Cost(
            maximum(self.macs, other.macs),
            maximum(self.mults, other.mults),
            maximum(self.adds, other.adds),
            maximum(self.other, other.other),
        )


FREE = Cost()
"""Moves data or decides shapes: no arithmetic."""
