"""`Weight`: a stored tensor that is read only when somebody asks for its numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

from archlint.errors import LoadError, WeightsUnread
from archlint.model.dtypes import nbytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from archlint.model.fact import Scalar
    from archlint.model.reading import Reading

SMALL = 1024


class Source(Protocol):
    """Where the numbers of a weight are.

    A source of many numbers can also have ``blocks(weight, limit)``, which gives them piece by
    piece as pairs of flat index and flat array: all of them, or about ``limit`` bytes spread evenly.
    One of few numbers can have ``raw(weight, limit)``: its little-endian bytes, None if there are more.
    """

    def read(self, weight: Weight) -> NDArray[Any]:
        """The numbers, shaped; raises `LoadError` when they cannot be had."""
        ...


@dataclass(slots=True, unsafe_hash=True)  # one for each weight: freezing triples the cost
class Statistics:
    """Minimum, maximum and counts of one weight; ``first_nan`` is a flat index or None.

    ``count`` is the number of elements looked at; ``sampled`` says that there are more.
    """

    count: int
    minimum: float
    maximum: float
    nan: int
    inf: int
    zeros: int
    first_nan: int | None
    first_inf: int | None
    sampled: bool = False


@dataclass(eq=False, slots=True)
class Weight:
    """A named constant tensor: dtype and shape are known, the numbers stay where they are.

    ``origin`` is ``initializer``, ``Constant`` (then ``node`` names it) or ``yaml``.
    ``external`` names the side file that holds the numbers. ``reading`` is the policy of the
    model it belongs to; without one everything may be read. ``known`` are its statistics once
    somebody has asked.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    source: Source
    origin: str = "initializer"
    node: str = ""
    external: str | None = None
    line: int | None = None
    reading: Reading | None = None
    _array: NDArray[Any] | None = field(default=None, repr=False)
    _small: tuple[Scalar, ...] | None = field(default=None, repr=False)
    known: Statistics | None = field(default=None, repr=False)
    _failure: LoadError | None = field(default=None, repr=False)

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
        """The numbers as a read-only array.

        Raises `LoadError` when they cannot be had, `WeightsUnread` when they may not be read.
        """
        array = self._array
        if array is None:
            array = self._array = self._read(whole=True)
            if self.reading is not None:
                self.reading.keep(self, array.nbytes)
        return array

    def let_go(self) -> None:
        """Forget the numbers; whoever asks again reads them again."""
        self._array = None

    def _read(self, *, whole: bool) -> NDArray[Any]:
        if self._failure is not None:
            raise self._failure
        try:
            if whole and self.reading is not None:
                self.reading.allow(self)
            array = self.source.read(self)
        except LoadError as error:
            self._failed(error)
            raise
        array.flags.writeable = False
        return array

    def _failed(self, error: LoadError) -> None:
        if not isinstance(error, WeightsUnread):
            self._failure = error
            if self.reading is not None:
                self.reading.failed(self, error)

    def locate(self) -> None:
        """Note it as a problem when the file of external numbers is not there or too short; none is read."""
        locate = getattr(self.source, "locate", None)
        if locate is not None and self._failure is None:
            try:
                locate(self)
            except LoadError as error:
                self._failed(error)

    def small_values(self) -> tuple[Scalar, ...] | None:
        """The elements of a small tensor, row-major, as Python numbers; None for a large one."""
        if self._small is None:
            if self.numel > SMALL or self.dtype == "string" or self.dtype.startswith("complex"):
                return None
            if self.external is not None and self.reading is not None and self.reading.mode == "none":
                return None
            try:
                flat = self._read(whole=False).reshape(-1).tolist()
            except LoadError:
                return None
            self._small = tuple(flat)
        return self._small

    def statistics(self) -> Statistics:
        """Minimum, maximum, NaN, infinity and zero counts; computed once for every rule.

        Raises `LoadError` when the numbers cannot be had, `WeightsUnread` when the policy is to read
        none. Of a tensor too large for the policy a part is looked at, in blocks spread evenly.
        """
        if self.known is None:
            if self.reading is not None and self.reading.mode == "none":
                self.reading.allow(self)
            if self._failure is not None:
                raise self._failure
            from archlint.model.statistics import gather

            try:
                self.known = gather(self)
            except LoadError as error:
                self._failed(error)
                raise
        return self.known

    def digest(self) -> bytes:
        """A digest of all the numbers, equal for tensors that are copies; raises `LoadError`.

        Every byte is read, which ``statistics`` of a large model need not do: ask for it only where
        those are equal.
        """
        import hashlib

        if self.reading is not None and self.reading.mode == "none":
            self.reading.allow(self)
        digest = hashlib.blake2b(digest_size=16)
        for _, block in self._stream(None):
            digest.update(block.tobytes())
        return digest.digest()

    def blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """The numbers in flat pieces, each with the flat index of its first element."""
        return self._stream(None if self.reading is None else self.reading.level)

    def _stream(self, limit: int | None) -> Iterator[tuple[int, NDArray[Any]]]:
        stream = getattr(self.source, "blocks", None)
        if stream is None or self._array is not None:
            yield 0, (self.source.read(self) if self._array is None else self._array).reshape(-1)
        else:
            yield from stream(self, limit)
