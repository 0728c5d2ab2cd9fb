"""The larger, the smaller and the broadcast of two dims."""

from __future__ import annotations

from archlint.symbolic.dim import Call, Dim, Expr, atomic, parts, spelling
from archlint.symbolic.interval import bounds


def maximum(a: Dim, b: Dim) -> Dim:
    """The larger of two dims; an atom where the symbols decide.

    >>> from archlint.symbolic import symbol
    >>> str(maximum(symbol("N"), 0))
    'N'
    """
    return _extremum("max", a, b)


def minimum(a: Dim, b: Dim) -> Dim:
    """The smaller of two dims; an atom where the symbols decide."""
    return _extremum("min", a, b)


def _extremum(function: str, a: Dim, b: Dim) -> Dim:
    if isinstance(a, int) and isinstance(b, int):
        return max(a, b) if function == "max" else min(a, b)
    if a == b or b in parts(a, function):
        return a
    if a in parts(b, function):
        return b
    lo, hi = bounds(a - b)
    if lo is not None and lo >= 0:
        return a if function == "max" else b
    if hi is not None and hi <= 0:
        return b if function == "max" else a
    return atomic(Call(function, _ordered(a, b)))


def broadcast(a: Dim, b: Dim) -> Dim:
    """The size of two broadcast axes: an equal pair, or the one that is not 1.

    Never a maximum: the sizes 3 and 5 have none, and 1 with 0 is 0. Raises ValueError when both
    are known, different and neither is 1.
    """
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if isinstance(a, int) and isinstance(b, int):
        message = f"sizes {a} and {b} do not broadcast"
        raise ValueError(message)
    if isinstance(a, int):
        return a  # the symbol is 1 or equal to it
    if isinstance(b, int):
        return b
    if b in parts(a, "broadcast"):
        return a
    if a in parts(b, "broadcast"):
        return b
    return atomic(Call("broadcast", _ordered(a, b)))


def _ordered(a: Dim, b: Dim) -> tuple[Dim, Dim]:
    return (a, b) if (isinstance(a, Expr), spelling(a)) <= (isinstance(b, Expr), spelling(b)) else (b, a)
