"""Dims with their symbols replaced: by numbers (`evaluate`) or by other dims (`substitute`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.symbolic.dim import Atom, Call, Dim, Expr, Symbol
from archlint.symbolic.division import floordiv, truncdiv
from archlint.symbolic.extremum import broadcast, maximum, minimum

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FUNCTIONS = {
    "floordiv": floordiv,
    "trunc": truncdiv,
    "max": maximum,
    "min": minimum,
    "broadcast": broadcast,
}


def substitute(dim: Dim, values: Mapping[str, Dim]) -> Dim:
    """``dim`` with the author's symbols in ``values`` replaced.

    Raises ValueError where a broadcast becomes impossible, ZeroDivisionError for a divisor 0.

    >>> from archlint.symbolic import symbol
    >>> substitute((symbol("H") - 7) // 3 + 1, {"H": 52})
    16
    """
    if isinstance(dim, int):
        return dim
    return _replaced(dim, lambda s: values.get(s.name) if s.known else None, {})


def rename(dim: Dim, mapping: Mapping[Symbol, Dim]) -> Dim:
    """``dim`` with single symbols replaced, unknowns included."""
    return dim if isinstance(dim, int) else _replaced(dim, mapping.get, {})


def _replaced(dim: Dim, find: Callable[[Symbol], Dim | None], seen: dict[Atom, Dim]) -> Dim:
    if isinstance(dim, int):
        return dim
    total: Dim = 0
    for monomial, c in dim.terms.items():
        part: Dim = c
        for atom in monomial:
            value = seen.get(atom)
            if value is None:
                value = seen[atom] = _replace(atom, find, seen)
            part = part * value
        total = total + part
    return total


def _replace(atom: Atom, find: Callable[[Symbol], Dim | None], seen: dict[Atom, Dim]) -> Dim:
    if isinstance(atom, Symbol):
        value = find(atom)
        return Expr({(atom,): 1}) if value is None else value
    assert isinstance(atom, Call)
    a, b = (_replaced(arg, find, seen) for arg in atom.args)
    return _FUNCTIONS[atom.function](a, b)


def evaluate(dim: Dim, values: Mapping[str, int]) -> int | None:
    """The number ``dim`` is at ``values``; None while a symbol is left."""
    result = substitute(dim, values)
    return result if isinstance(result, int) else None


def free_symbols(dim: Dim) -> set[Symbol]:
    """Every symbol that takes part in ``dim``, unknowns included."""
    found: set[Symbol] = set()
    stack = [dim]
    while stack:
        top = stack.pop()
        if isinstance(top, Expr):
            for monomial in top.terms:
                for atom in monomial:
                    if isinstance(atom, Symbol):
                        found.add(atom)
                    elif isinstance(atom, Call):
                        stack.extend(atom.args)
    return found
