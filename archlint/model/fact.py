"""`Fact`: what is known about a tensor before it exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from archlint.symbolic import Dim, Expr, fresh, is_known, product

if TYPE_CHECKING:
    from archlint.model.weight import Weight

Scalar: TypeAlias = int | float | bool | Expr | None
Shape: TypeAlias = tuple[Dim, ...]

MAX_CONTENT = 1024
"""Elements of a tensor whose contents are followed; larger ones are shapes only."""


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """Element type, shape and, for small integer tensors, symbolic contents of a tensor.

    ``shape`` is None when the rank is unknown; a dim that is unknown is a fresh symbol, so that
    two tensors which must agree on it share it. ``content`` holds the elements in row-major order,
    None for an element that is unknown. ``weight`` is the stored tensor behind a constant,
    ``constant`` says that no run-time input takes part. ``kind`` is ``tensor``, ``sequence`` or
    ``optional``; the latter two describe what any element is in ``element``, and in ``items`` each one
    when their number is known.
    """

    dtype: str | None = None
    shape: Shape | None = None
    content: tuple[Scalar, ...] | None = None
    weight: Weight | None = None
    constant: bool = False
    kind: str = "tensor"
    element: Fact | None = None
    items: tuple[Fact, ...] | None = None

    @property
    def rank(self) -> int | None:
        """Number of axes; None when unknown."""
        return None if self.shape is None else len(self.shape)

    @property
    def numel(self) -> Dim | None:
        """Number of elements; None when the rank is unknown."""
        return None if self.shape is None else product(self.shape)

    @property
    def values(self) -> tuple[Scalar, ...] | None:
        """The contents, read from a small stored tensor when propagation did not compute them."""
        if self.content is not None:
            return self.content
        return self.weight.small_values() if self.weight is not None else None

    def ints(self) -> tuple[Dim, ...] | None:
        """The contents as dims; None unless every element is known."""
        values = self.values
        if values is None or any(v is None or isinstance(v, float) for v in values):
            return None
        return tuple(v if isinstance(v, Expr) else int(v) for v in values)  # type: ignore[arg-type]

    def scalar(self) -> Scalar:
        """The only element of a one-element tensor; None when it is unknown."""
        values = self.values
        return values[0] if values is not None and len(values) == 1 else None

    def of(self, shape: Shape | None, dtype: str | None = None) -> Fact:
        """A tensor of this element type (or ``dtype``) with another shape and unknown contents."""
        return Fact(self.dtype if dtype is None else dtype, shape)

    def __str__(self) -> str:
        return shape_text(self.shape)


UNKNOWN = Fact()


def unknown_dims(rank: int) -> Shape:
    """A shape of ``rank`` axes about which nothing else is known."""
    return tuple(fresh() for _ in range(rank))


def shape_text(shape: Shape | None) -> str:
    """``[N, 3, (H + 1)//2, ?]``, or ``[...]`` when the rank is unknown."""
    return "[...]" if shape is None else "[" + ", ".join(str(d) for d in shape) + "]"


def fully_known(shape: Shape | None) -> bool:
    """True when every dim is a number or an expression of the author's symbols."""
    return shape is not None and all(is_known(d) for d in shape)
