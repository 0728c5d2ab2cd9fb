"""Division of dims: floors, remainders, exact quotients of polynomials."""

from __future__ import annotations

from math import gcd

from archlint.symbolic.dim import MAX_TERMS, Call, Dim, Expr, Monomial, atomic, polynomial, terms_of
from archlint.symbolic.interval import bounds


def floordiv(n: Dim, d: Dim) -> Dim:
    """``floor(n / d)``, canonical; raises ZeroDivisionError when ``d`` is 0.

    >>> from archlint.symbolic import symbol
    >>> str(floordiv(3 * symbol("H") + 7, 3))
    'H + 2'
    """
    if isinstance(n, int) and isinstance(d, int):
        return n // d
    if isinstance(d, Expr):
        exact = divide_exact(n, d)
        return exact if exact is not None else atomic(Call("floordiv", (n, d)))
    if d < 0:
        return floordiv(-n, -d)
    if d == 0:
        raise ZeroDivisionError
    assert isinstance(n, Expr)
    whole: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for monomial, c in n.terms.items():
        q = c // d if c > 0 or not monomial else -(-c // d)
        if q:
            whole[monomial] = q
        if c - q * d:
            rest[monomial] = c - q * d
    return polynomial(whole) + _floor_of_rest(rest, d)


def _floor_of_rest(rest: dict[Monomial, int], d: int) -> Dim:
    """``floor(rest / d)`` where every coefficient is smaller than ``d``."""
    constant = rest.pop((), 0)
    if not rest:
        return 0
    if rest[min(rest, key=_monomial_order)] < 0:
        # floor(-m/d) = -floor((m + d - 1)/d): one spelling for both signs
        return -floordiv(polynomial({m: -c for m, c in rest.items()}) - constant + d - 1, d)
    common = gcd(d, *rest.values())
    rest = {m: c // common for m, c in rest.items()}
    d, constant = d // common, constant // common
    if d == 1:
        return polynomial(rest) + constant
    if len(rest) == 1:
        (monomial, c), *_ = rest.items()
        inner = monomial[0] if len(monomial) == 1 else None
        if c == 1 and isinstance(inner, Call) and inner.function == "floordiv":
            top, bottom = inner.args
            if isinstance(bottom, int):
                return floordiv(top + constant * bottom, bottom * d)
    return atomic(Call("floordiv", (polynomial(rest) + constant, d)))


def ceildiv(n: Dim, d: Dim) -> Dim:
    """``ceil(n / d)``."""
    return floordiv(n + d - 1, d) if isinstance(d, int) and d > 0 else -floordiv(-n, d)


def truncdiv(n: Dim, d: Dim) -> Dim:
    """``n / d`` rounded towards zero, as runtimes divide integers; ZeroDivisionError when ``d`` is 0.

    >>> from archlint.symbolic import symbol
    >>> str(truncdiv(symbol("H") - 7, 2)), truncdiv(-7, 2)
    ('trunc(H - 7, 2)', -3)
    """
    if isinstance(n, int) and isinstance(d, int):
        quotient = abs(n) // abs(d)
        return quotient if (n < 0) == (d < 0) else -quotient
    exact = divide_exact(n, d)
    if exact is not None:
        return exact
    (low, high), (least, most) = bounds(n), bounds(d)
    if most is not None and most < 0:
        return truncdiv(-n, -d)
    if least is not None and least > 0:
        if low is not None and low >= 0:
            return floordiv(n, d)
        if high is not None and high <= 0:
            return -floordiv(-n, d)
    return atomic(Call("trunc", (n, d)))


def mod(n: Dim, d: Dim) -> Dim:
    """``n - d * floor(n / d)``, the remainder with the sign of the divisor."""
    return n - d * floordiv(n, d)


def divide_exact(n: Dim, d: Dim) -> Dim | None:
    """``n / d`` when the polynomials divide without remainder, else None.

    >>> from archlint.symbolic import symbol
    >>> str(divide_exact(6 * symbol("N") * symbol("C"), 2 * symbol("N")))
    '3*C'
    """
    if isinstance(n, int) and isinstance(d, int):
        return n // d if d and n % d == 0 else None
    divisor = terms_of(d)
    if not divisor:
        return None
    if isinstance(n, Expr) and n == d:
        return 1
    if isinstance(d, int) and isinstance(n, Expr):
        return (
            polynomial({m: c // d for m, c in n.terms.items()})
            if not any(c % d for c in n.terms.values())
            else None
        )
    lead = max(divisor, key=_monomial_order)
    rest, quotient = dict(terms_of(n)), dict[Monomial, int]()
    while rest:
        top = max(rest, key=_monomial_order)
        left = _without(top, lead)
        if left is None or rest[top] % divisor[lead] or len(quotient) > MAX_TERMS:
            return None
        c = rest[top] // divisor[lead]
        quotient[left] = c
        for monomial, k in divisor.items():
            target = tuple(sorted(monomial + left))
            value = rest.get(target, 0) - c * k
            if value:
                rest[target] = value
            else:
                rest.pop(target, None)
    return polynomial(quotient)


def _monomial_order(monomial: Monomial) -> tuple[int, tuple[str, ...]]:
    return len(monomial), tuple(atom.rank for atom in monomial)


def _without(monomial: Monomial, factor: Monomial) -> Monomial | None:
    left = list(monomial)
    for atom in factor:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)
