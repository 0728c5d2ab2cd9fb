"""`Dim`: an int, or a canonical integer polynomial over symbols and floor-divisions.

Equality is structural because the form is canonical: a polynomial is a dict of monomials, whole
multiples of a divisor leave the floor, nested floors merge, so ``(s - 1)//2 + 1 == (s + 1)//2``.
Two dims that differ in structure may still be equal numbers; `archlint.symbolic.compare` says what
is certain.

>>> s = symbol("s")
>>> (s - 1) // 2 + 1 == (s + 1) // 2
True
>>> str((s // 2) // 2)
's//4'
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_TERMS = 256
MAX_DEPTH = 16
MAX_SIZE = 256
MAX_DEGREE = 32

_serial = itertools.count(1)


class Atom:
    """An indivisible factor of a monomial: a symbol or a function of dims.

    ``rank`` is a text that orders atoms, the same in every run; ``known`` is False when an unknown
    size takes part; ``depth`` and ``size`` measure the formula.
    """

    __slots__ = ("_hash", "_rank", "depth", "known", "size")

    _hash: int
    _rank: str | None
    depth: int
    size: int
    known: bool

    @property
    def rank(self) -> str:
        if self._rank is None:
            self._rank = self._spell()
        return self._rank

    def _spell(self) -> str:
        raise NotImplementedError

    def __hash__(self) -> int:
        return self._hash

    def __lt__(self, other: Atom) -> bool:
        return self.rank < other.rank


class Symbol(Atom):
    """A size that is not fixed: the author's ``N`` (at least 1) or an unknown (at least 0).

    ``minimum`` and ``maximum`` bound it; None is an open end.
    """

    __slots__ = ("maximum", "minimum", "name", "serial")

    def __init__(
        self,
        name: str,
        *,
        known: bool,
        serial: int = 0,
        minimum: int | None = None,
        maximum: int | None = None,
    ) -> None:
        self.name = name
        self.known = known
        self.serial = serial
        self.minimum = minimum
        self.maximum = maximum
        self.depth = 0
        self.size = 1
        self._hash = hash((name, serial))
        self._rank = None

    def _spell(self) -> str:
        return f"0{self.name}\0{self.serial:012d}"

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Symbol) and self.name == other.name and self.serial == other.serial
        )

    __hash__ = Atom.__hash__

    def __str__(self) -> str:
        return self.name


class Call(Atom):
    """``floordiv``, ``trunc``, ``max``, ``min`` or ``broadcast`` of dims that the polynomial cannot absorb."""

    __slots__ = ("args", "function")

    def __init__(self, function: str, args: tuple[Dim, ...]) -> None:
        self.function = function
        self.args = args
        depth = size = 0
        known = True
        for arg in args:
            if isinstance(arg, Expr):
                known = known and arg.known
                for monomial in arg.terms:
                    for atom in monomial:
                        depth = max(depth, atom.depth)
                        size += atom.size
        self.depth = depth + 1
        self.size = size + 1
        self.known = known
        self._hash = hash((function, args))
        self._rank = None

    def _spell(self) -> str:
        return f"1{self.function}({','.join(spelling(a) for a in self.args)})"

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Call)
            and self._hash == other._hash
            and self.function == other.function
            and self.args == other.args
        )

    __hash__ = Atom.__hash__

    def __str__(self) -> str:
        if self.function == "floordiv":
            top, bottom = (_wrapped(a) for a in self.args)
            return f"{top}//{bottom}"
        leaves = [str(a) for a in self.args] if self.function == "trunc" else _leaves(self)
        return f"{self.function}({', '.join(leaves)})"


Monomial: TypeAlias = tuple[Atom, ...]


class Expr:
    """A polynomial with integer coefficients over `Atom` s; never a plain number."""

    __slots__ = ("_hash", "known", "terms")

    def __init__(self, terms: dict[Monomial, int]) -> None:
        self.terms = terms
        self._hash: int | None = None
        known = True
        for monomial in terms:
            for atom in monomial:
                if not atom.known:
                    known = False
        self.known = known

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Expr) and self.terms == other.terms)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self.terms.items()))
        return self._hash

    def __add__(self, other: Dim) -> Dim:
        terms = dict(self.terms)
        if isinstance(other, int):
            if not other:
                return self
            terms[()] = terms.get((), 0) + other
            return polynomial(terms)
        for monomial, c in terms_of(other).items():
            terms[monomial] = terms.get(monomial, 0) + c
        return polynomial(terms)

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return polynomial({m: -c for m, c in self.terms.items()})

    def __sub__(self, other: Dim) -> Dim:
        return self + (-other)

    def __rsub__(self, other: Dim) -> Dim:
        return -self + other

    def __mul__(self, other: Dim) -> Dim:
        if isinstance(other, int):
            return self if other == 1 else polynomial({m: c * other for m, c in self.terms.items()})
        if len(self.terms) * len(other.terms) > MAX_TERMS * 16:
            return anything()
        terms: dict[Monomial, int] = {}
        for (ma, ca), (mb, cb) in itertools.product(self.terms.items(), other.terms.items()):
            monomial = ma + mb
            if len(monomial) > 1 and ma and mb:
                if len(monomial) > MAX_DEGREE:
                    return anything()
                monomial = tuple(sorted(monomial))
            terms[monomial] = terms.get(monomial, 0) + ca * cb
        return polynomial(terms)

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        from archlint.symbolic.division import floordiv

        return floordiv(self, other)

    def __rfloordiv__(self, other: Dim) -> Dim:
        from archlint.symbolic.division import floordiv

        return floordiv(other, self)

    def __mod__(self, other: Dim) -> Dim:
        from archlint.symbolic.division import mod

        return mod(self, other)

    def __str__(self) -> str:
        if not self.known:
            return "?"
        if len(self.terms) == 1:
            (monomial, c), *_ = self.terms.items()
            if c == 1 and len(monomial) == 1:
                return str(monomial[0])
        parts: list[str] = []
        for monomial, c in sorted(self.terms.items(), key=_print_order):
            lone = len(monomial) == 1 and (c == 1 or (c == -1 and bool(parts)))
            body = str(monomial[0]) if lone else "*".join(_factor(atom) for atom in monomial)
            text = body if abs(c) == 1 and body else f"{abs(c)}*{body}" if body else str(abs(c))
            parts.append((" - " if c < 0 else " + ") + text)
        text = "".join(parts)
        return "-" + text[3:] if text.startswith(" - ") else text[3:]

    def __repr__(self) -> str:
        return f"Expr({self})"


Dim: TypeAlias = int | Expr


def _print_order(item: tuple[Monomial, int]) -> tuple[int, bool, list[str]]:
    monomial, c = item
    return (-len(monomial), c < 0, [str(atom) for atom in monomial])


def _factor(atom: Atom) -> str:
    text = str(atom)
    return f"({text})" if isinstance(atom, Call) and atom.function == "floordiv" else text


def _wrapped(dim: Dim) -> str:
    if isinstance(dim, Expr) and (
        len(dim.terms) > 1 or next(iter(dim.terms.values())) != 1 or len(next(iter(dim.terms))) > 1
    ):
        return f"({dim})"
    return str(dim)


def terms_of(dim: Dim) -> dict[Monomial, int]:
    """The monomials of ``dim`` with their coefficients; none of 0."""
    return dim.terms if isinstance(dim, Expr) else {(): dim} if dim else {}


def polynomial(terms: dict[Monomial, int]) -> Dim:
    """The dim that is the sum of ``terms``; an unknown one when there are too many."""
    if 0 in terms.values():
        terms = {m: c for m, c in terms.items() if c}
    if not terms:
        return 0
    if len(terms) == 1 and () in terms:
        return terms[()]
    if len(terms) > MAX_TERMS:
        return anything()
    return Expr(terms)


def atomic(atom: Atom) -> Dim:
    """The dim that is ``atom``; an unknown one when it is nested too deep or spelt too long."""
    return anything() if atom.depth > MAX_DEPTH or atom.size > MAX_SIZE else Expr({(atom,): 1})


def spelling(dim: Dim) -> str:
    """A text that orders dims the same way in every run."""
    if isinstance(dim, int):
        return str(dim)
    return "+".join(sorted(f"{c}*{'*'.join(a.rank for a in m)}" for m, c in dim.terms.items()))


def symbol(name: str, *, least: int | None = 1, most: int | None = None) -> Expr:
    """The author's symbol ``name``: the same name is the same size, at least 1 unless said."""
    return Expr({(Symbol(name, known=True, minimum=least, maximum=most),): 1})


def fresh(least: int | None = 0, most: int | None = None) -> Expr:
    """An unknown size, different from every other unknown and from every author's symbol."""
    return Expr({(Symbol("?", known=False, serial=next(_serial), minimum=least, maximum=most),): 1})


def anything() -> Expr:
    """An unknown number of either sign: the stand-in for a formula that has grown too long."""
    return Expr({(Symbol("?", known=False, serial=next(_serial)),): 1})


def named(name: str) -> Dim:
    """The dim that a model writes as ``name``; ``""`` and ``"?"`` name nothing, so each is fresh."""
    return symbol(name) if name.strip("?_ ") else fresh()


def is_known(dim: Dim) -> bool:
    """True unless an unknown size takes part."""
    return dim.known if isinstance(dim, Expr) else True


def product(dims: Iterable[Dim]) -> Dim:
    """The product of ``dims``, 1 when empty."""
    result: Dim = 1
    for dim in dims:
        result = result * dim
    return result


def parts(dim: Dim, function: str) -> list[Dim]:
    """The arguments of nested calls of ``function`` that ``dim`` consists of; itself when none."""
    atom = _lone(dim)
    if isinstance(atom, Call) and atom.function == function:
        return [dim, *(p for arg in atom.args for p in parts(arg, function))]
    return [dim]


def _lone(dim: Dim) -> Atom | None:
    """The atom that ``dim`` is, taken once; None for every other dim."""
    if isinstance(dim, Expr) and len(dim.terms) == 1:
        (monomial, c), *_ = dim.terms.items()
        if c == 1 and len(monomial) == 1:
            return monomial[0]
    return None


def _leaves(call: Call) -> list[str]:
    """The arguments of ``call`` as text, those of nested calls of the same function in its place."""
    found: dict[str, None] = {}
    for arg in call.args:
        atom = _lone(arg)
        nested = isinstance(atom, Call) and atom.function == call.function
        found |= dict.fromkeys(_leaves(atom) if nested and isinstance(atom, Call) else [str(arg)])
    return list(found)
