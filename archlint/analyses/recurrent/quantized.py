"""Stored numbers of large cells, turned into what is computed with a few rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]

LARGE = 1 << 18
"""Elements of a matrix from which it stays as it is stored; int8 would need four times as much else."""
SMALL = 1 << 12
"""Elements of a float16 array from which its own conversion pays."""
BLOCK = 1 << 17
"""Elements that are converted at once."""


def numbers(weights: Array, dtype: Any) -> Array:
    """``weights``, which are finite, in ``dtype``; copied only where it must be.

    Arrays mapped from a file can start at an odd address, where NumPy multiplies them element by
    element: those are copied too.
    """
    import numpy as np

    if weights.dtype == np.float16 and weights.size > SMALL:
        wide = np.empty_like(weights, np.float32)
        _widen(weights, wide)
        weights = wide
    return np.require(weights, dtype, ["ALIGNED"])


def _widen(half: Array, wide: Array) -> None:
    """float16 to float32, three times as fast as NumPy's conversion; finite numbers alone.

    Sign, exponent and fraction go to their places of a float32, whose exponent is then too small by
    127 - 15 = 112 whatever it is: one product puts that right, subnormal numbers included.
    """
    import numpy as np

    bits = wide.view(np.int32)
    np.copyto(bits, half.view(np.int16))
    bits <<= 13
    bits &= ~(7 << 28)
    wide *= np.float32(2.0**112)


def _fill(some: Array, room: Array) -> None:
    """Writes ``some``, in the type of ``room``, there."""
    import numpy as np

    if some.dtype == np.float16 and room.dtype == np.float32:
        _widen(some, room)
    else:
        np.copyto(room, some)


def blocks(weights: Array | Quantised, dtype: Any) -> Iterator[tuple[slice, Array]]:
    """The rows of a matrix in ``dtype``, some at a time; what is converted is overwritten by the next."""
    import numpy as np

    coded = weights if isinstance(weights, Quantised) and dtype == np.float32 else None
    stored = weights if coded is None else coded.codes
    ready = not isinstance(stored, Quantised) and stored.dtype == dtype and stored.flags.aligned
    room = None
    step = max(1, BLOCK // max(weights.shape[1], 1))
    for start in range(0, len(weights), step):
        rows = slice(start, min(start + step, len(weights)))
        some = stored[rows]
        if ready:
            yield rows, some
            continue
        if room is None or len(some) < len(room):
            room = np.empty_like(some, dtype)
        _fill(some, room)
        if coded is not None:
            coded.decode(room, rows)
        yield rows, room


def held(weights: Array | Quantised, dtype: Any) -> Array | Quantised:
    """``weights`` for many products with `times_transposed`: converted once unless that takes much memory."""
    import numpy as np

    if isinstance(weights, Quantised) or weights.dtype.itemsize < np.dtype(dtype).itemsize:
        return weights if weights.size >= LARGE else numbers(weights[:], dtype)
    return numbers(weights, dtype)


def times_transposed(x: Array, weights: Array | Quantised) -> Array:
    """``x @ weights.T`` in the type of ``x``; large weights of another type are converted block by block.

    Codes are multiplied as they are, and zero and scale applied to the product.
    """
    import numpy as np

    if isinstance(weights, Quantised) and x.dtype == np.float32:
        made = times_transposed(x, weights.codes)
        made -= x.sum(axis=-1, keepdims=True) * weights.zero.astype(x.dtype)
        made *= weights.scale.astype(x.dtype)
        return made
    if not isinstance(weights, Quantised) and weights.dtype == x.dtype and weights.flags.aligned:
        product: Array = x @ weights.T
        return product
    made = np.empty((*x.shape[:-1], len(weights)), x.dtype)
    for rows, part in blocks(weights, x.dtype):
        made[..., rows] = x @ part.T
    return made


def row_norms(weights: Array | Quantised) -> Array:
    """|w|_2 of each row, in float64."""
    import numpy as np

    made = np.zeros(len(weights))
    for rows, part in blocks(weights, np.float64 if weights.dtype.itemsize > 4 else np.float32):
        made[rows] = np.einsum("ij,ij->i", part, part, dtype=np.float64)
    return np.sqrt(made)


class Quantised:
    """The matrix (codes - zero) * scale of one gate, [rows, columns]; what is read of it is float32.

    ``scale`` and ``zero`` are numbers, or have one entry a row.
    """

    def __init__(self, codes: Array, scale: Array, zero: Array) -> None:
        self.codes = codes
        self.scale = scale
        self.zero = zero
        self.shape = codes.shape
        self.ndim = 2

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(self.codes.size)

    @property
    def dtype(self) -> Any:
        """What is read of it."""
        import numpy as np

        return np.dtype(np.float32)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, key: Any) -> Array:
        import numpy as np

        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        wide = self.codes[rows][..., columns].astype(np.float32)
        self.decode(wide, rows)
        return wide

    def decode(self, codes: Array, rows: Any) -> None:
        """Codes of ``rows``, in floating point, become the numbers they stand for."""
        zero, scale = (a if a.size == 1 else a[rows][..., None] for a in (self.zero, self.scale))
        codes -= zero
        codes *= scale

    def astype(self, dtype: Any, *, copy: bool = True) -> Array:
        """The whole matrix."""
        return self[:].astype(dtype, copy=False)

    def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> Array:
        return self[:] if dtype is None else self[:].astype(dtype, copy=False)

    @property
    def T(self) -> Array:  # noqa: N802 - NumPy's name
        """The transposed matrix."""
        return self[:].T
