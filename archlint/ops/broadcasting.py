"""Multidirectional broadcasting and agreement of shapes.

https://onnx.ai/onnx/repo-docs/Broadcasting.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.model import Fact, shape_text
from archlint.symbolic import Dim, broadcast, is_known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Node, Shape


def broadcast_shapes(node: Node, facts: Sequence[Fact]) -> Shape | None:
    """The shape that all ``facts`` broadcast to; None while a rank is unknown.

    Raises `ShapeError` ``shape-mismatch`` when two sizes differ and neither is 1.
    """
    result = facts[0].shape
    for slot, fact in enumerate(facts[1:], 1):
        other = fact.shape
        if result is None or other is None:
            return None
        if other != result:
            result = _pair(node, slot, result, other)
    return result


def _pair(node: Node, slot: int, a: Shape, b: Shape) -> Shape:
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    lead = len(longer) - len(shorter)
    dims = list(longer)
    for i, dim in enumerate(shorter):
        try:
            dims[lead + i] = broadcast(longer[lead + i], dim)
        except ValueError:
            one, two = (longer[lead + i], dim) if longer is a else (dim, longer[lead + i])
            axis = i - len(shorter)
            message = (
                f"{node.op_type} cannot broadcast {shape_text(a)} with {shape_text(b)}: "
                f"axis {axis} has {one} and {two}"
            )
            name = node.inputs[slot] if slot < len(node.inputs) else ""
            raise ShapeError(
                "shape-mismatch",
                message,
                subject=f"input {name}",
                help="sizes must be equal, or one of them 1, counted from the last axis",
                left=one,
                right=two,
                axis=axis,
            ) from None
    return tuple(dims)


def better(a: Dim, b: Dim) -> Dim | None:
    """The better known of two sizes that must be equal; None when two numbers differ."""
    if isinstance(a, int):
        return None if isinstance(b, int) and a != b else a
    if isinstance(b, int):
        return b
    return a if is_known(a) or not is_known(b) else b


def same_shape(node: Node, facts: Sequence[Fact], *, except_axis: int | None = None) -> list[Dim] | None:
    """The dims that all ``facts`` share, whatever is known of each; None when no rank is known.

    Raises `ShapeError` ``shape-mismatch`` when two ranks or two sizes differ; ``except_axis`` is not
    compared.
    """
    result: list[Dim] | None = None
    first = 0
    for slot, fact in enumerate(facts):
        if fact.shape is None:
            continue
        if result is None:
            result, first = list(fact.shape), slot
            continue
        if len(fact.shape) != len(result):
            message = (
                f"{node.op_type} needs inputs of equal rank: '{node.inputs[first]}' has "
                f"{len(result)} axes, '{node.inputs[slot]}' has {len(fact.shape)}"
            )
            raise ShapeError("shape-mismatch", message, subject=f"input {node.inputs[slot]}")
        for axis, dim in enumerate(fact.shape):
            if axis == except_axis:
                continue
            common = better(result[axis], dim)
            if common is None:
                message = (
                    f"{node.op_type} needs equal sizes on axis {axis}: "
                    f"{result[axis]} so far, '{node.inputs[slot]}' has {dim}"
                )
                raise ShapeError(
                    "shape-mismatch",
                    message,
                    subject=f"input {node.inputs[slot]}",
                    expected=result[axis],
                    actual=dim,
                    axis=axis,
                )
            result[axis] = common
    return result


def axis_in(node: Node, axis: int, rank: int, *, name: str = "axis", inclusive: bool = False) -> int:
    """``axis`` counted from the front.

    Raises `ShapeError` ``axis-out-of-range`` when it is not one of ``rank`` axes (``inclusive``:
    nor the place behind the last).
    """
    most = rank if inclusive else rank - 1
    if -rank <= axis <= most:
        return axis + rank if axis < 0 else axis
    message = f"{node.op_type}'s {name} {axis} is not in [{-rank}, {most}]: the tensor has {rank} axes"
    raise ShapeError("axis-out-of-range", message, subject=f"attribute {name}", axis=axis, rank=rank)
