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
BLOCK = 1 << 18
"""Elements that are converted at once."""


def numbers(weights: Array, dtype: Any) -> Array:
    """``weights``, which are finite, in ``dtype``; copied only where it must be.

    Arrays mapped from a file can start at an odd address, where NumPy multiplies them element by
    element: those are copied too.
    """
    import numpy as np

    if weights.dtype == np.float16 and weights.size > SMALL:
        weights = _widened(weights)
    return np.require(weights, dtype, ["ALIGNED"])


def _widened(half: Array) -> Array:
    """float16 as float32, three times as fast as NumPy's conversion; finite numbers alone.

    Sign, exponent and fraction go to their places of a float32, whose exponent is then too small by
    127 - 15 = 112 whatever it is: one product puts that right, subnormal numbers included.
    """
    import numpy as np

    bits = np.require(half, requirements=["ALIGNED"]).view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= ~(7 << 28)
    wide: Array = bits.view(np.float32)
    wide *= np.float32(2.0**112)
    return wide


def blocks(weights: Array | Quantised, dtype: Any) -> Iterator[tuple[slice, Array]]:
    """The rows of a matrix in ``dtype``, some at a time."""
    step = max(1, BLOCK // max(weights.shape[1], 1))
    for start in range(0, len(weights), step):
        rows = slice(start, min(start + step, len(weights)))
        yield rows, numbers(weights[rows], dtype)


def held(weights: Array | Quantised, dtype: Any) -> Array | Quantised:
    """``weights`` for many products with `times_transposed`: converted once where they are small."""
    return weights if weights.size >= LARGE else numbers(weights[:], dtype)


def times_transposed(x: Array, weights: Array | Quantised) -> Array:
    """``x @ weights.T`` in the type of ``x``; large weights of another type are converted block by block."""
    import numpy as np

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
        zero, scale = (a if a.size == 1 else a[rows][..., None] for a in (self.zero, self.scale))
        wide -= zero
        wide *= scale
        return wide

    def astype(self, dtype: Any, *, copy: bool = True) -> Array:
        """The whole matrix."""
        return self[:].astype(dtype, copy=False)

    def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> Array:
        return self[:] if dtype is None else self[:].astype(dtype, copy=False)

    @property
    def T(self) -> Array:  # noqa: N802 - NumPy's name
        """The transposed matrix."""
        return self[:].T
