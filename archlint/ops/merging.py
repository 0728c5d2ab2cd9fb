"""What holds of a tensor that is one of several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.model import UNKNOWN, Fact
from archlint.symbolic import fresh

if TYPE_CHECKING:
    from archlint.model import Scalar


def merge(a: Fact, b: Fact) -> Fact:
    """What holds of a tensor that is either ``a`` or ``b``."""
    if a is b:
        return a
    if a.kind != b.kind:
        return UNKNOWN
    dtype = a.dtype if a.dtype == b.dtype else None
    if a.kind != "tensor":
        element = a.element if b.element is None else b.element
        if a.element is not None and b.element is not None:
            element = merge(a.element, b.element)
        items = None
        if a.items is not None and b.items is not None and len(a.items) == len(b.items):
            items = tuple(merge(p, q) for p, q in zip(a.items, b.items, strict=True))
        return Fact(dtype, kind=a.kind, element=element, items=items)
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return Fact(dtype)
    shape = tuple([p if p == q else fresh() for p, q in zip(a.shape, b.shape, strict=True)])
    content: tuple[Scalar, ...] | None = None
    one, two = a.content, b.content
    if one is not None and two is not None and len(one) == len(two) and a.dtype == b.dtype:
        content = tuple([p if p == q else None for p, q in zip(one, two, strict=True)])
    weight = a.weight if a.weight is b.weight else None
    return Fact(dtype, shape, content, weight)


def same(a: Fact, b: Fact) -> bool:
    """True when both facts say the same."""
    if a is b:
        return True
    if a.kind != b.kind or a.dtype != b.dtype or a.shape != b.shape or a.content != b.content:
        return False
    if (a.element is None) != (b.element is None) or (a.items is None) != (b.items is None):
        return False
    if a.element is not None and b.element is not None and not same(a.element, b.element):
        return False
    if a.items is None or b.items is None:
        return True
    return len(a.items) == len(b.items) and all(same(p, q) for p, q in zip(a.items, b.items, strict=True))
