"""Stored numbers of large cells, turned into floats a few rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]

LARGE = 1 << 20
"""Elements of a matrix from which it stays int8 in memory; four times as much would be needed else."""


def numbers(weights: Array, dtype: Any) -> Array:
    """``weights`` in ``dtype``, copied only where it must be.

    Arrays mapped from a file can start at an odd address, where NumPy multiplies them element by
    element: those are copied too.
    """
    import numpy as np

    return np.require(weights, dtype, ["ALIGNED"])


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
