"""`Weight`: a stored tensor that is read only when somebody asks for its numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

from archlint.model.dtypes import nbytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from archlint.model.fact import Scalar

SMALL = 1024


class Source(Protocol):
    """Where the numbers of a weight are."""

    def read(self, weight: Weight) -> NDArray[Any]:
        """The numbers, shaped; raises `LoadError` when they cannot be had."""
        ...


@dataclass(frozen=True, slots=True)
class Statistics:
    """Minimum, maximum and counts of one weight; ``first_nan`` is a flat index or None."""

    count: int
    minimum: float
    maximum: float
    nan: int
    inf: int
    zeros: int
    first_nan: int | None
    first_inf: int | None


@dataclass(eq=False, slots=True)
class Weight:
    """A named constant tensor: dtype and shape are known, the numbers stay where they are.

    ``origin`` is ``initializer``, ``Constant`` (then ``node`` names it) or ``yaml``.
    ``external`` names the side file that holds the numbers. ``identity`` is equal for two weights
    that are the same stored bytes.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    source: Source
    origin: str = "initializer"
    node: str = ""
    external: str | None = None
    line: int | None = None
    _array: NDArray[Any] | None = field(default=None, repr=False)
    _small: tuple[Scalar, ...] | None = field(default=None, repr=False)
    _statistics: Statistics | None = field(default=None, repr=False)

    @property
    def numel(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int | None:
        """Stored size in bytes, sub-byte types packed; None for strings."""
        return nbytes(self.dtype, self.numel)

    @property
    def described(self) -> bool:
        """False for a weight of which the model gives the shape alone, and no numbers to read."""
        return bool(getattr(self.source, "described", True))

    def array(self) -> NDArray[Any]:
        """The numbers as a read-only array; raises `LoadError` when they cannot be had."""
        if self._array is None:
            array = self.source.read(self)
            array.flags.writeable = False
            self._array = array
        return self._array

    def small_values(self) -> tuple[Scalar, ...] | None:
        """The elements of a small tensor, row-major, as Python numbers; None for a large one."""
        if self._small is None:
            if self.numel > SMALL or self.dtype == "string" or self.dtype.startswith("complex"):
                return None
            from archlint.errors import LoadError

            try:
                flat = self.source.read(self).reshape(-1).tolist()
            except LoadError:
                return None
            self._small = tuple(flat)
        return self._small

    def statistics(self) -> Statistics:
        """Minimum, maximum, NaN, infinity and zero counts; computed once for every rule."""
        if self._statistics is None:
            self._statistics = _statistics(self.array())
        return self._statistics


def _statistics(array: NDArray[Any]) -> Statistics:
    import numpy as np

    flat: np.ndarray[Any, Any] = array.reshape(-1)
    if flat.dtype.kind not in "fiub":
        flat = flat.astype(np.float32)
    if not flat.size:
        return Statistics(0, 0.0, 0.0, 0, 0, 0, None, None)
    low, high = float(flat.min()), float(flat.max())
    zeros = int(flat.size - np.count_nonzero(flat))
    if np.isfinite(low) and np.isfinite(high):
        return Statistics(flat.size, low, high, 0, 0, zeros, None, None)
    nan, inf = np.isnan(flat), np.isinf(flat)
    finite = flat[~(nan | inf)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    where = [int(mask.argmax()) if mask.any() else None for mask in (nan, inf)]
    return Statistics(flat.size, low, high, int(nan.sum()), int(inf.sum()), zeros, *where)
