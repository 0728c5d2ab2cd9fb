"""Sizes that an operator needs to be equal: the better known of the two, or a contradiction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.symbolic import Dim, is_known

if TYPE_CHECKING:
    from archlint.model import Fact, Node, Shape


def agree(
    a: Dim,
    b: Dim,
    message: str,
    *,
    kind: str = "shape-mismatch",
    subject: str | None = None,
    help: str | None = None,  # noqa: A002
) -> Dim:
    """The size that ``a`` and ``b`` both are; raises `ShapeError` ``kind`` when two numbers differ.

    ``message`` may name the numbers as ``{a}`` and ``{b}``.
    """
    if isinstance(a, int) and isinstance(b, int):
        if a != b:
            raise ShapeError(kind, message.format(a=a, b=b), subject=subject, help=help, expected=b, actual=a)
        return a
    if isinstance(a, int) or isinstance(b, int):
        return a if isinstance(a, int) else b
    return a if is_known(a) else b


def dims(
    fact: Fact | None, rank: int, node: Node, slot: int, *, kind: str = "shape-mismatch"
) -> Shape | None:
    """The dims of input ``slot``, which must have ``rank`` axes; None when they are unknown."""
    if fact is None or fact.shape is None:
        return None
    if len(fact.shape) != rank:
        message = (
            f"{node.op_type} needs {rank} axes on input {slot}, '{node.inputs[slot]}' has {len(fact.shape)}"
        )
        raise ShapeError(kind, message, subject=f"input {node.inputs[slot]}")
    return fact.shape


def vector(fact: Fact | None, size: Dim, node: Node, slot: int, what: str) -> Dim:
    """``size``, which input ``slot`` (a vector called ``what``) must have too."""
    shape = dims(fact, 1, node, slot)
    if shape is None:
        return size
    message = f"{node.op_type}'s {what} has {{a}} elements, it needs {{b}}"
    return agree(shape[0], size, message, subject=f"input {node.inputs[slot]}")
