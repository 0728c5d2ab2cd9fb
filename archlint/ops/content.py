"""Contents of small tensors: exact arithmetic on numbers and sizes, element by element.

A number is kept only as the runtime would hold it: integers wrap to their width, floats are rounded
to theirs, and what cannot be known exactly is None.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

from archlint.model.dtypes import BITS
from archlint.model.fact import MAX_CONTENT
from archlint.symbolic import Expr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from archlint.model import Fact, Scalar, Shape

MAX_FLOATS = 64
"""Floats decide shapes only as a handful of scales; longer float tensors are not followed."""

SYMBOLIC = frozenset({"int64", "int32", "float32", "float64", None})
"""Element types wide enough to hold a size, whatever the size is."""

_PACKED = {"float32": "f", "float16": "e"}
_RANGES = {
    name: ((0, 1 << bits) if name.startswith("u") else (-(1 << (bits - 1)), 1 << bits))
    for name, bits in BITS.items()
    if bits is not None and name.startswith(("int", "uint"))
}


def fit(value: Any, dtype: str | None) -> Scalar:
    """``value`` as an element of ``dtype``: wrapped, rounded, or None where that is undefined."""
    if value is None:
        return None
    if isinstance(value, Expr):
        return value if dtype in SYMBOLIC and _tame(value) else None
    if dtype == "bool":
        return bool(value)
    limits = _RANGES.get(dtype) if dtype is not None else None
    if limits is not None:
        if isinstance(value, float) and not math.isfinite(value):
            return None
        low, width = limits
        return (int(value) - low) % width + low
    if dtype == "float64" or dtype is None:
        return value  # type: ignore[no-any-return]
    if dtype == "bfloat16":
        return _bfloat16(value)
    code = _PACKED.get(dtype)
    if code is None or not isinstance(value, (int, float)):
        return None
    try:
        return struct.unpack(code, struct.pack(code, value))[0]  # type: ignore[no-any-return]
    except OverflowError:
        return math.copysign(math.inf, value)


def _bfloat16(value: Any) -> Scalar:
    """The nearest number with the upper 16 bits of a float32, halves to the even one."""
    single = fit(float(value), "float32")
    if not isinstance(single, float) or not math.isfinite(single):
        return single
    bits = int.from_bytes(struct.pack(">f", single), "big")
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return struct.unpack(">f", bits.to_bytes(4, "big"))[0]  # type: ignore[no-any-return]


def _tame(dim: Expr) -> bool:
    """True while the formula's numbers are far from where 64-bit arithmetic wraps."""
    return all(-(1 << 62) < c < (1 << 62) for c in dim.terms.values())


def followed(shape: Shape | None, dtype: str | None) -> int | None:
    """Number of elements when contents of such a tensor are followed, else None."""
    if shape is None:
        return None
    count = 1
    for dim in shape:
        if not isinstance(dim, int) or dim < 0:
            return None
        count *= dim
    most = MAX_FLOATS if dtype is not None and dtype.startswith(("float", "bfloat")) else MAX_CONTENT
    return count if count <= most else None


def known_values(fact: Fact | None) -> tuple[Scalar, ...] | None:
    """Contents of a tensor that is followed; None for every other."""
    if fact is None:
        return None
    if fact.content is not None:
        return fact.content
    if fact.weight is None:
        return () if fact.shape == (0,) else None
    return fact.weight.small_values()


def elementwise(
    function: Callable[..., Any],
    facts: Sequence[Fact],
    shape: Shape | None,
    dtype: str | None,
    *,
    partial: bool = False,
) -> tuple[Scalar, ...] | None:
    """``function`` of the broadcast contents; ``partial`` functions take None for an unknown."""
    for fact in facts:
        if fact.content is None and fact.weight is None and not partial:
            return None
    count = followed(shape, dtype)
    if count is None or shape is None:
        return None
    columns: list[Sequence[Scalar]] = []
    for fact in facts:
        values = known_values(fact)
        if values is None:
            if not partial:
                return None
            values = (None,)
        if len(values) == 1:
            values *= count
        elif len(values) != count:
            values = pick(values, fact.shape, lambda a: _spread(a, shape))
        columns.append(values)
    return tuple(fit(_apply(function, row, partial), dtype) for row in zip(*columns, strict=True))


def _spread(index: NDArray[Any], shape: Shape) -> NDArray[Any]:
    import numpy as np

    return np.broadcast_to(index, shape)  # type: ignore[arg-type]


def _apply(function: Callable[..., Any], row: tuple[Scalar, ...], partial: bool) -> Any:  # noqa: FBT001
    if not partial and None in row:
        return None
    try:
        if not partial and any(isinstance(v, Expr) for v in row):
            row = tuple(whole(v) for v in row)
            if None in row:
                return None
        return function(*row)
    except (ZeroDivisionError, OverflowError, ValueError, TypeError):
        return None


def whole(value: Scalar) -> Scalar:
    """A number that can stand beside a size: ints and integral floats; None for the others."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value


def pick(
    values: Sequence[Scalar], shape: Shape | None, arrange: Callable[[NDArray[np.int64]], NDArray[Any]]
) -> tuple[Scalar, ...]:
    """``values`` in the order that ``arrange`` gives an array of their positions."""
    import numpy as np

    index = np.arange(len(values)).reshape(shape)  # type: ignore[arg-type]
    return tuple(values[i] for i in arrange(index).reshape(-1).tolist())
