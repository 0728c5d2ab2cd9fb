"""Numbers for weights that a YAML model only describes: drawn, constant, listed or read from a file.

Drawing is deterministic: PCG64 seeded with ``seed ^ crc32(name)``, so a weight has the same numbers
wherever in the file its layer stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod, sqrt
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from zlib import crc32

from archlint.errors import LoadError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from archlint.model import Source, Weight

MAX_DRAWN = 256 << 20
"""Bytes of one weight that are generated."""

GATES = {"LSTM": "iofc", "GRU": "zrh", "RNN": "i"}
"""Gates in the order in which ONNX stacks them (operators LSTM, GRU and RNN)."""


class Filling(Protocol):
    """A way to fill an array."""

    def fill(self, name: str, shape: tuple[int, ...], fans: tuple[int, int]) -> NDArray[Any]:
        """An array of ``shape`` for the weight ``name``, which has ``fans`` inputs and outputs."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """The same number everywhere."""

    value: float = 0.0

    def fill(self, name: str, shape: tuple[int, ...], fans: tuple[int, int]) -> NDArray[Any]:
        import numpy as np

        return np.full(shape, self.value)


@dataclass(frozen=True, slots=True)
class Normal:
    """Normal numbers of mean ``mean`` and standard deviation ``std``."""

    mean: float = 0.0
    std: float = 1.0
    seed: int = 0

    def fill(self, name: str, shape: tuple[int, ...], fans: tuple[int, int]) -> NDArray[Any]:
        return _generator(self.seed, name).normal(self.mean, self.std, shape)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Uniform numbers between ``low`` and ``high``."""

    low: float = -1.0
    high: float = 1.0
    seed: int = 0

    def fill(self, name: str, shape: tuple[int, ...], fans: tuple[int, int]) -> NDArray[Any]:
        return _generator(self.seed, name).uniform(self.low, self.high, shape)


@dataclass(frozen=True, slots=True)
class Xavier:
    """Uniform numbers in +-sqrt(6 / (fan_in + fan_out)), which keep the variance of a linear layer.

    Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.
    """

    seed: int = 0

    def fill(self, name: str, shape: tuple[int, ...], fans: tuple[int, int]) -> NDArray[Any]:
        limit = sqrt(6 / max(1, sum(fans)))
        return _generator(self.seed, name).uniform(-limit, limit, shape)


@dataclass(frozen=True, slots=True)
class Listed:
    """Numbers written in the file."""

    values: tuple[float, ...]

    def fill(self, name: str, shape: tuple[int, ...], fans: tuple[int, int]) -> NDArray[Any]:
        import numpy as np

        if len(self.values) != prod(shape):
            message = f"'{name}' has {prod(shape)} elements, its init lists {len(self.values)}"
            raise LoadError("YML008", message)
        return np.array(self.values).reshape(shape)


@dataclass(frozen=True, slots=True)
class Stored:
    """Numbers of another source, a member of an archive."""

    member: Any

    def fill(self, name: str, shape: tuple[int, ...], fans: tuple[int, int]) -> NDArray[Any]:
        array: np.ndarray[Any, Any] = self.member.load(name)
        if array.size != prod(shape):
            message = f"'{name}' has shape {list(shape)}, its file holds {list(array.shape)}"
            raise LoadError("YML008", message)
        return array.reshape(shape)


def _generator(seed: int, name: str) -> np.random.Generator:
    import numpy as np

    return np.random.Generator(np.random.PCG64(seed ^ crc32(name.encode())))


@dataclass(frozen=True, slots=True)
class Part:
    """One gate of a stacked weight: rows ``start`` to ``stop`` of axis 1."""

    name: str
    start: int
    stop: int
    filling: Filling


@dataclass(frozen=True, slots=True)
class Initialised:
    """The source of a weight that is described: a filling for all of it, then parts of it."""

    whole: Filling
    parts: tuple[Part, ...] = ()
    fans: tuple[int, int] = (1, 1)

    def read(self, weight: Weight) -> NDArray[Any]:
        _check_size(weight)
        shape = weight.shape
        array = self.whole.fill(weight.name, shape, self.fans)
        for part in self.parts:
            rows = (shape[0], part.stop - part.start, *shape[2:])
            array[:, part.start : part.stop] = part.filling.fill(part.name, rows, self.fans)
        return _typed(array, weight.dtype)


@dataclass(frozen=True, slots=True)
class Transposed:
    """The source of a matrix described as ``[out, in]`` that the graph holds as ``[in, out]``."""

    inner: Source

    @property
    def described(self) -> bool:
        """False when nothing gives the numbers."""
        return bool(getattr(self.inner, "described", True))

    def read(self, weight: Weight) -> NDArray[Any]:
        import numpy as np

        view = type(weight)(weight.name, weight.dtype, weight.shape[::-1], self.inner, line=weight.line)
        return np.ascontiguousarray(self.inner.read(view).T)


@dataclass(frozen=True, slots=True)
class Literal:
    """The source of a constant that stands in the file."""

    values: tuple[Any, ...] = field(repr=False)

    def read(self, weight: Weight) -> NDArray[Any]:
        import numpy as np

        array = np.array(self.values, dtype=object if weight.dtype == "string" else None)
        return _typed(array.reshape(weight.shape), weight.dtype)


@dataclass(frozen=True, slots=True)
class Unfilled:
    """The source of a weight of which the file gives the shape alone."""

    described: ClassVar[bool] = False

    def read(self, weight: Weight) -> NDArray[Any]:
        message = f"weight '{weight.name}' has no numbers"
        raise LoadError("YML008", message, line=weight.line, help="give its layer init: or a weights file")


def _check_size(weight: Weight) -> None:
    if 8 * weight.numel > MAX_DRAWN:
        message = f"weight '{weight.name}' has {weight.numel:,} elements; too many to generate"
        raise LoadError("YML010", message, line=weight.line)


def _typed(array: NDArray[Any], dtype: str) -> NDArray[Any]:
    import numpy as np

    if dtype == "string":
        return array
    try:
        kind = np.dtype(dtype)
    except TypeError:
        import ml_dtypes

        kind = np.dtype(getattr(ml_dtypes, _ML_NAMES.get(dtype, dtype)))
    with np.errstate(all="ignore"):
        return array.astype(kind, order="C")


_ML_NAMES = {
    "float8e4m3fn": "float8_e4m3fn",
    "float8e4m3fnuz": "float8_e4m3fnuz",
    "float8e5m2": "float8_e5m2",
    "float8e5m2fnuz": "float8_e5m2fnuz",
    "float4e2m1": "float4_e2m1fn",
    "float8e8m0": "float8_e8m0fnu",
}
