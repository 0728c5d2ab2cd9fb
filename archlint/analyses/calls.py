"""Function calls remembered: the same function with the same facts is walked once.

Two calls whose facts differ only in which unknown is which are the same; the unknowns in the answer
are renamed to those of the caller, and unknowns born inside the call are born again for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archlint.model import Fact, Graph
from archlint.symbolic import Dim, Expr, Symbol, bounds, free_symbols, fresh, rename

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archlint.analyses.scopes import Scope

Names = dict[Symbol, int]


@dataclass(slots=True)
class Call:
    """One remembered call: its scope, the facts it gave, the unknowns it was given."""

    scope: Scope
    outs: list[Fact]
    names: Names

    def answer(self, names: Names) -> list[Fact]:
        """The facts of a later call whose unknowns are ``names``."""
        places = {index: symbol for symbol, index in names.items()}
        mapping: dict[Symbol, Dim] = {old: Expr({(places[i],): 1}) for old, i in self.names.items()}
        return [renamed(fact, mapping) for fact in self.outs]


def simplified(fact: Fact | None, plain: dict[Dim, Dim]) -> Fact | None:
    """``fact`` with every long formula of unknown sizes as one unknown, equal ones as the same.

    Calls inside calls would otherwise see longer and longer formulas, no two of them alike.
    """
    if fact is None or fact.kind != "tensor" or _plain(fact):
        return fact

    def change(value: Any) -> Any:
        if not isinstance(value, Expr) or value.known or not _long(value):
            return value
        return plain.setdefault(value, fresh(bounds(value)[0]))

    shape = None if fact.shape is None else tuple([change(d) for d in fact.shape])
    content = None if fact.content is None else tuple([change(v) for v in fact.content])
    return Fact(fact.dtype, shape, content, fact.weight, fact.constant)


def _long(dim: Expr) -> bool:
    return len(dim.terms) > 2 or any(not isinstance(a, Symbol) for m in dim.terms for a in m)


def signature(facts: Sequence[Fact | None], arguments: Mapping[str, Any]) -> tuple[Any, Names]:
    """A key that is equal for calls which give the same answer, and the unknowns in order.

    Raises TypeError when there is none: a body passed as an argument sees its caller's tensors.
    """
    if any(isinstance(v, Graph) for v in arguments.values()):
        raise TypeError
    names: Names = {}
    key = tuple(None if f is None else _fact(f, names) for f in facts)
    extra = tuple(sorted(((k, v) for k, v in arguments.items()), key=lambda item: item[0]))
    return (key, extra), names


def _fact(fact: Fact, names: Names) -> Any:
    shape = None if fact.shape is None else tuple(_value(d, names) for d in fact.shape)
    content = None if fact.content is None else tuple(_value(v, names) for v in fact.content)
    element = None if fact.element is None else _fact(fact.element, names)
    items = None if fact.items is None else tuple(_fact(f, names) for f in fact.items)
    weight = None if fact.weight is None else id(fact.weight)
    return fact.dtype, shape, content, weight, fact.constant, fact.kind, element, items


def _value(value: Any, names: Names) -> Any:
    if not isinstance(value, Expr) or value.known:
        return value
    found = sorted((s for s in free_symbols(value) if not s.known), key=lambda s: s.rank)
    # bounds decide comparisons, so they are part of what is seen
    return tuple((names.setdefault(s, len(names)), s.minimum, s.maximum) for s in found), rename(
        value, {s: Expr({(Symbol("?", known=False, serial=-1 - names[s]),): 1}) for s in found}
    )


def renamed(fact: Fact, mapping: dict[Symbol, Dim]) -> Fact:
    """``fact`` with its unknowns replaced; one that is not in ``mapping`` gets a new identity."""
    if _plain(fact):
        return fact

    def change(value: Any) -> Any:
        if not isinstance(value, Expr) or value.known:
            return value
        for symbol in free_symbols(value):
            if not symbol.known and symbol not in mapping:
                mapping[symbol] = fresh(symbol.minimum, symbol.maximum)
        return rename(value, mapping)

    return Fact(
        fact.dtype,
        None if fact.shape is None else tuple(change(d) for d in fact.shape),
        None if fact.content is None else tuple(change(v) for v in fact.content),
        fact.weight,
        fact.constant,
        fact.kind,
        None if fact.element is None else renamed(fact.element, mapping),
        None if fact.items is None else tuple(renamed(f, mapping) for f in fact.items),
    )


def _plain(fact: Fact) -> bool:
    values = (*(fact.shape or ()), *(fact.content or ()))
    return (
        fact.element is None
        and fact.items is None
        and all(not isinstance(v, Expr) or v.known for v in values)
    )
