"""What is certain about a dim whatever its symbols are: bounds and three-valued comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from archlint.symbolic.dim import Atom, Call, Dim, Symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

Bound: TypeAlias = int | None
Ranges: TypeAlias = "Mapping[str, tuple[int, int | None]]"


def bounds(dim: Dim, ranges: Ranges | None = None) -> tuple[Bound, Bound]:
    """The least and greatest value of ``dim``; None is an open end.

    An author's symbol is at least 1, an unknown at least 0, unless ``ranges`` says more.
    """
    if isinstance(dim, int):
        return dim, dim
    lo: Bound = 0
    hi: Bound = 0
    for monomial, c in dim.terms.items():
        low: Bound = 1
        high: Bound = 1
        for atom in monomial:
            low, high = _times((low, high), _atom_bounds(atom, ranges))
        low, high = _times((low, high), (c, c))
        lo = None if lo is None or low is None else lo + low
        hi = None if hi is None or high is None else hi + high
    return lo, hi


def _atom_bounds(atom: Atom, ranges: Ranges | None) -> tuple[Bound, Bound]:
    if isinstance(atom, Symbol):
        if ranges and atom.known and atom.name in ranges:
            return ranges[atom.name]
        return atom.minimum, atom.maximum
    assert isinstance(atom, Call)
    (alo, ahi), (blo, bhi) = (bounds(arg, ranges) for arg in atom.args)
    if atom.function == "floordiv":
        return _floor_bounds(alo, ahi, blo, bhi)
    if atom.function == "trunc":
        low, high = _floor_bounds(alo, ahi, blo, bhi)
        return None if low is None else min(low, 0), None if high is None else max(high, 0)
    if atom.function == "max":
        low = blo if alo is None else alo if blo is None else max(alo, blo)
        return low, None if ahi is None or bhi is None else max(ahi, bhi)
    if atom.function == "min":
        high = bhi if ahi is None else ahi if bhi is None else min(ahi, bhi)
        return None if alo is None or blo is None else min(alo, blo), high
    low = None if alo is None or blo is None else min(alo, blo)
    return low, None if ahi is None or bhi is None else max(ahi, bhi)


def _floor_bounds(alo: Bound, ahi: Bound, blo: Bound, bhi: Bound) -> tuple[Bound, Bound]:
    if blo is None or blo <= 0:
        return None, None
    low = None if alo is None else alo // blo if alo < 0 else (0 if bhi is None else alo // bhi)
    high = None if ahi is None else ahi // blo if ahi >= 0 else (-1 if bhi is None else ahi // bhi)
    return low, high


def _times(a: tuple[Bound, Bound], b: tuple[Bound, Bound]) -> tuple[Bound, Bound]:
    """Interval product, with None as the infinity of its side."""
    inf = float("inf")
    al, ah = (-inf if a[0] is None else a[0]), (inf if a[1] is None else a[1])
    bl, bh = (-inf if b[0] is None else b[0]), (inf if b[1] is None else b[1])
    ends = [0 if 0 in (x, y) else x * y for x in (al, ah) for y in (bl, bh)]
    low, high = min(ends), max(ends)
    return (None if low == -inf else int(low)), (None if high == inf else int(high))


def compare(a: Dim, b: Dim, ranges: Ranges | None = None) -> int | None:
    """-1, 0 or 1 when ``a`` is certainly less than, equal to or greater than ``b``; else None."""
    lo, hi = bounds(a - b, ranges)
    if lo is not None and lo > 0:
        return 1
    if hi is not None and hi < 0:
        return -1
    return 0 if lo == 0 and hi == 0 else None


def at_least(a: Dim, b: Dim, ranges: Ranges | None = None) -> bool | None:
    """True when ``a >= b`` for every size, False when for none, else None."""
    lo, hi = bounds(a - b, ranges)
    if lo is not None and lo >= 0:
        return True
    return False if hi is not None and hi < 0 else None
