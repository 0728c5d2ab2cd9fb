"""Sources of weights: numbers in a parsed message, in the model file, in a file beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from archlint.errors import LoadError
from archlint.model import shape_text
from archlint.model.dtypes import BITS, nbytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import onnx
    from numpy.typing import NDArray

    from archlint.loaders.wire import Payload
    from archlint.model import Weight

BLOCK = 1 << 20
"""Bytes that are held at once while a large tensor is looked through."""

# the typed field of TensorProto that holds each element type (onnx.proto)
_FIELDS = {
    "float32": "float_data",
    "complex64": "float_data",
    "float64": "double_data",
    "complex128": "double_data",
    "int64": "int64_data",
    "uint32": "uint64_data",
    "uint64": "uint64_data",
    "string": "string_data",
}
_ML_DTYPES = {
    "bfloat16": "bfloat16",
    "float8e4m3fn": "float8_e4m3fn",
    "float8e4m3fnuz": "float8_e4m3fnuz",
    "float8e5m2": "float8_e5m2",
    "float8e5m2fnuz": "float8_e5m2fnuz",
    "float8e8m0": "float8_e8m0fnu",
    "float4e2m1": "float4_e2m1fn",
    "int4": "int4",
    "uint4": "uint4",
    "int2": "int2",
    "uint2": "uint2",
}


class Bytes(Protocol):
    """Stored bytes: the whole as a view, or pieces by copy so that no mapped page is touched."""

    @property
    def length(self) -> int: ...
    def view(self) -> bytes | memoryview: ...
    def piece(self, start: int, length: int) -> bytes | memoryview: ...


class RawSource:
    """Numbers that stand somewhere as little-endian bytes."""

    __slots__ = ("data",)

    def __init__(self, data: Bytes) -> None:
        self.data = data

    def read(self, weight: Weight) -> NDArray[Any]:
        """The numbers as a view where their type allows it."""
        checked(weight, self.data.length)
        return decode(self.data.view(), weight.dtype, weight.numel).reshape(weight.shape)

    def blocks(self, weight: Weight, limit: int | None) -> Iterator[tuple[int, NDArray[Any]]]:
        """The numbers, `BLOCK` bytes at a time; about ``limit`` bytes evenly spread of a larger tensor."""
        checked(weight, self.data.length)
        bits = BITS[weight.dtype] or 8
        total = self.data.length
        count = weight.numel
        for start in spread(total, total if limit is None else limit):
            size = min(BLOCK, total - start)
            first = start * 8 // bits
            elements = min(size * 8 // bits, count - first)
            yield first, decode(self.data.piece(start, size), weight.dtype, elements)


def spread(total: int, limit: int) -> Iterator[int]:
    """Where the blocks begin that cover ``total`` bytes, or ``limit`` of them evenly.

    >>> [start // BLOCK for start in spread(10 * BLOCK, 3 * BLOCK)]
    [0, 3, 6]
    """
    blocks = -(-total // BLOCK)
    wanted = blocks if limit >= total else max(1, limit // BLOCK)
    return (i * blocks // wanted * BLOCK for i in range(wanted))


class ProtoSource:
    """Numbers inside a TensorProto, small enough to have been parsed; or where its marker points."""

    __slots__ = ("file", "proto")

    def __init__(self, proto: onnx.TensorProto, file: Structure) -> None:
        self.proto = proto
        self.file = file

    def read(self, weight: Weight) -> NDArray[Any]:
        """The numbers, from the file itself when the skim left them there."""
        raw = self.proto.raw_data
        if raw and weight.dtype != "string" and self._typed(weight):
            raise LoadError("IO011", f"'{weight.name}' holds its values twice, as raw bytes and as a list")
        payload = self._payload(raw, weight)
        if payload is not None:
            return RawSource(payload).read(weight)
        if raw or not self._typed(weight):
            checked(weight, len(raw))
            return decode(raw, weight.dtype, weight.numel).reshape(weight.shape)
        return self._from_fields(weight)

    def blocks(self, weight: Weight, limit: int | None) -> Iterator[tuple[int, NDArray[Any]]]:
        """The numbers in pieces when the skim left them in the file, else in one."""
        payload = self._payload(self.proto.raw_data, weight)
        if payload is not None:
            yield from RawSource(payload).blocks(weight, limit)
        else:
            yield 0, self.read(weight).reshape(-1)

    def raw(self, weight: Weight, limit: int) -> bytes | None:
        """The bytes of a small tensor of the right size; None for any other."""
        raw: bytes = self.proto.raw_data
        region = self.file.payload(raw)
        size = len(raw) if region is None else region.length
        if not size or size > limit or size != weight.nbytes:
            return None
        if weight.dtype == "string" or self._typed(weight) or min(weight.shape, default=0) < 0:
            return None
        return raw if region is None else bytes(region.piece(0, size))

    def _payload(self, raw: bytes, weight: Weight) -> Region | None:
        """Where the skim left the numbers, or None when they are in the message."""
        if raw or weight.dtype == "string" or not self.proto.string_data:
            return self.file.payload(raw)
        payload = self.file.payload(self.proto.string_data[0])
        if payload is not None and self._typed(weight):
            raise LoadError("IO011", f"'{weight.name}' holds its values in several pieces")
        if payload is not None and payload.field != _field(weight.dtype):
            raise LoadError("IO011", f"'{weight.name}' is {weight.dtype}, but holds {payload.field}")
        return payload

    def _typed(self, weight: Weight) -> bool:
        return weight.dtype == "string" or bool(getattr(self.proto, _field(weight.dtype)))

    def _from_fields(self, weight: Weight) -> NDArray[Any]:
        import numpy as np

        name = _field(weight.dtype)
        values = getattr(self.proto, name)
        dtype = weight.dtype
        given, wanted = len(values), weight.numel
        if dtype not in BITS:
            raise LoadError("IO011", f"'{weight.name}' has no known element type")
        if dtype.startswith("complex"):
            wanted *= 2
        elif (BITS[dtype] or 8) < 8:
            wanted = nbytes(dtype, wanted) or 0
        if given != wanted:
            message = f"'{weight.name}' holds {given:,} values in {name}, its shape {_shape(weight)} needs {wanted:,}"
            raise LoadError("IO011", message)
        array: np.ndarray[Any, Any]
        if dtype == "string":
            array = np.array([text(v) for v in values], dtype=object)
        elif name == "int32_data":
            width = (BITS[dtype] or 8) // 8
            stored = np.array(values, dtype=np.int32).astype(f"<u{max(width, 1)}")
            array = decode(stored.tobytes(), dtype, weight.numel)
        elif name == "float_data":
            array = np.array(values, dtype=np.float32)
        elif name == "double_data":
            array = np.array(values, dtype=np.float64)
        else:
            array = np.array(values, dtype=np.int64 if name == "int64_data" else np.uint64)
        if dtype.startswith("complex"):
            array = array.view(dtype)
        elif dtype == "uint32":
            array = array.astype(np.uint32)
        return array.reshape(weight.shape)


class Structure:
    """The file that a model's structure was skimmed from, for the payloads that stayed in it."""

    def __init__(self, source: Any, payloads: dict[bytes, Payload]) -> None:
        self.source = source
        self.payloads = payloads

    def payload(self, marker: bytes) -> Region | None:
        """What the skim's ``marker`` stands for; None for bytes that are no marker."""
        found = self.payloads.get(marker) if len(marker) == MARKER else None
        return Region(self.source, found.offset, found.length, found.field) if found is not None else None


MARKER = 24


class Region:
    """A stretch of an open file, or of bytes in memory."""

    __slots__ = ("field", "length", "offset", "source")

    def __init__(self, source: Any, offset: int, length: int, field: str = "raw_data") -> None:
        self.source = source
        self.field = field
        self.offset = offset
        self.length = length

    def view(self) -> bytes | memoryview:
        """All of it without a copy."""
        return self.piece(0, self.length) if isinstance(self.source, bytes) else self._mapped()

    def _mapped(self) -> bytes | memoryview:
        view: bytes | memoryview = self.source.view(self.offset, self.length)
        return view

    def piece(self, start: int, length: int) -> bytes | memoryview:
        """A part of it, by copy when it is in a file."""
        begin = self.offset + start
        if isinstance(self.source, bytes):
            return memoryview(self.source)[begin : begin + length]
        part: bytes = self.source.read(begin, length)
        return part


def checked(weight: Weight, length: int) -> None:
    """Raises `LoadError` unless ``length`` bytes are what dtype and shape of ``weight`` need."""
    if weight.dtype not in BITS:
        raise LoadError("IO011", f"'{weight.name}' has no known element type")
    if weight.dtype == "string":
        raise LoadError("IO011", f"'{weight.name}' is a string tensor with raw bytes")
    if any(d < 0 for d in weight.shape):
        raise LoadError("IO011", f"'{weight.name}' has a negative size in its shape {_shape(weight)}")
    needed = weight.nbytes
    if needed != length:
        message = f"'{weight.name}' needs {needed:,} bytes ({weight.dtype} {_shape(weight)}), has {length:,}"
        raise LoadError("IO011", message)


def decode(data: bytes | memoryview, dtype: str, count: int) -> NDArray[Any]:
    """``count`` little-endian elements as a flat array; a view where the type allows it."""
    import numpy as np

    bits = BITS[dtype] or 8
    if dtype == "bool":
        stored: np.ndarray[Any, Any] = np.frombuffer(data, np.uint8, count)
        return stored.view(np.bool_) if not stored.size or stored.max() <= 1 else stored != 0
    if dtype not in _ML_DTYPES:
        return np.frombuffer(data, np.dtype(dtype).newbyteorder("<"), count)
    import ml_dtypes

    kind = np.dtype(getattr(ml_dtypes, _ML_DTYPES[dtype]))
    if bits >= 8:
        return np.frombuffer(data, kind, count)
    packed = np.frombuffer(data, np.uint8)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    loose: np.ndarray[Any, Any] = ((packed[:, None] >> shifts) & ((1 << bits) - 1)).reshape(-1)[:count]
    if dtype.startswith("int"):
        half = 1 << (bits - 1)
        return ((loose.astype(np.int8) ^ half) - half).astype(kind)
    return loose.astype(kind) if dtype.startswith("uint") else loose.astype(np.uint8).view(kind)


def text(value: bytes | str) -> str:
    """A name or string of a file; bytes that are not UTF-8 are shown escaped."""
    return value if isinstance(value, str) else value.decode("utf-8", "backslashreplace")


def _field(dtype: str) -> str:
    return _FIELDS.get(dtype, "int32_data")


def _shape(weight: Weight) -> str:
    return shape_text(weight.shape)
