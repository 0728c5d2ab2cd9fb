"""Facts joined: what holds of a tensor that is one of several, and when one fact holds another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.model import UNKNOWN, Fact
from archlint.symbolic import Dim, Expr, fresh, rename

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archlint.model import Scalar
    from archlint.symbolic import Symbol

    Either = Callable[[Dim, Dim], Dim]


class Unlike:
    """Sizes that have nothing to do with each other: each is an unknown of its own."""

    def __init__(self) -> None:
        self.made: set[Dim] = set()

    def __call__(self, p: Dim, q: Dim) -> Dim:
        """A size that is ``p`` or ``q``."""
        size = fresh()
        self.made.add(size)
        return size


class Alike:
    """Sizes of tensors that are all taken from the same one of two sides.

    Two of them that are 3 on one side and 5 on the other are known to be of one size.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Dim, Dim], Dim] = {}

    def __call__(self, p: Dim, q: Dim) -> Dim:
        """The size that is ``p`` or ``q``."""
        known = self._known.get((p, q))
        if known is None:
            known = self._known[p, q] = fresh()
        return known


def merge(a: Fact, b: Fact, either: Either | None = None) -> Fact:
    """What holds of a tensor that is ``a`` or ``b``; ``either`` names a size that differs."""
    if a is b:
        return a
    if either is None:
        either = Unlike()
    if a.kind != b.kind:
        return UNKNOWN
    if a.kind != "tensor":
        return _merge_holders(a, b, either)
    dtype = a.dtype if a.dtype == b.dtype else None
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return Fact(dtype)
    shape = tuple([p if p == q else either(p, q) for p, q in zip(a.shape, b.shape, strict=True)])
    weight = a.weight if a.weight is b.weight else None
    return Fact(dtype, shape, _common(a, b), weight)


def _common(a: Fact, b: Fact) -> tuple[Scalar, ...] | None:
    """The elements that both contents agree on; None when there are none."""
    if (a.content is None and a.weight is None) or (b.content is None and b.weight is None):
        return None
    p, q = a.values, b.values
    if p is None or q is None or len(p) != len(q):
        return None
    both = tuple([x if _equal(x, y) else None for x, y in zip(p, q, strict=True)])
    return both if any(v is not None for v in both) else None


def _equal(x: Scalar, y: Scalar) -> bool:
    if isinstance(x, float) or isinstance(y, float):
        return type(x) is type(y) and x == y and str(x) == str(y)  # -0.0 is not 0.0
    return x is not None and x == y


def _merge_holders(a: Fact, b: Fact, either: Either) -> Fact:
    """A sequence or optional that is either of two; an empty one says nothing about elements."""
    if a.items == () or a.element is None:
        element = b.element if a.items == () else None
    elif b.items == () or b.element is None:
        element = a.element if b.items == () else None
    else:
        element = merge(a.element, b.element, either)
    items = None
    if a.items is not None and b.items is not None and len(a.items) == len(b.items):
        items = tuple([merge(p, q, either) for p, q in zip(a.items, b.items, strict=True)])
    return Fact(kind=a.kind, element=element, items=items)


def merge_all(facts: Sequence[Fact]) -> Fact:
    """What holds of every one of ``facts``, of which there is at least one."""
    found = facts[0]
    for fact in facts[1:]:
        found = merge(found, fact)
    return found


def covers(general: Fact, special: Fact, free: set[Dim]) -> bool:
    """True when every tensor that ``special`` describes is described by ``general`` too.

    ``free`` are the sizes that stand for any number.
    """
    if general is special:
        return True
    if general.weight is not None and general.weight is not special.weight:
        return False
    if general.constant or general.kind != special.kind:
        return False
    if general.kind != "tensor":
        return _holds(general, special, free)
    if general.dtype is not None and general.dtype != special.dtype:
        return False
    if general.shape is not None:
        if special.shape is None or len(special.shape) != len(general.shape):
            return False
        if not all(p == q or p in free for p, q in zip(general.shape, special.shape, strict=True)):
            return False
    if general.content is None:
        return True
    values = special.values
    if values is None or len(values) != len(general.content):
        return False
    return all(p is None or _equal(p, q) for p, q in zip(general.content, values, strict=True))


def _holds(general: Fact, special: Fact, free: set[Dim]) -> bool:
    if general.items is not None:
        if special.items is None or len(special.items) != len(general.items):
            return False
        if not all(covers(p, q, free) for p, q in zip(general.items, special.items, strict=True)):
            return False
    if general.element is None or special.items == ():
        return True
    return special.element is not None and covers(general.element, special.element, free)


def top(fact: Fact) -> Fact:
    """All that is left of ``fact`` when nothing but its type is certain."""
    if fact.kind == "tensor":
        return Fact(fact.dtype)
    return Fact(kind=fact.kind, element=None if fact.element is None else top(fact.element))


def renamed(fact: Fact, mapping: Mapping[Symbol, Dim]) -> Fact:
    """``fact`` with the unknown sizes of ``mapping`` replaced, the others left."""
    return Fact(
        fact.dtype,
        None if fact.shape is None else tuple([rename(d, mapping) for d in fact.shape]),
        None
        if fact.content is None
        else tuple([rename(v, mapping) if isinstance(v, Expr) else v for v in fact.content]),
        fact.weight,
        fact.constant,
        fact.kind,
        None if fact.element is None else renamed(fact.element, mapping),
        None if fact.items is None else tuple([renamed(f, mapping) for f in fact.items]),
    )
