"""`Archive`: the tensors of a ``.npz`` file, by header until somebody wants the numbers.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import ast
import os
import stat
import zipfile
import zlib
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from archlint.errors import LoadError

if TYPE_CHECKING:
    from typing import BinaryIO

    import numpy as np
    from numpy.typing import NDArray

    from archlint.model import Weight

MAX_READ = 256 << 20
MAX_HEADER = 64 << 10
MAX_RANK = 64

_DTYPES = {
    "f2": "float16",
    "f4": "float32",
    "f8": "float64",
    "i1": "int8",
    "i2": "int16",
    "i4": "int32",
    "i8": "int64",
    "u1": "uint8",
    "u2": "uint16",
    "u4": "uint32",
    "u8": "uint64",
    "b1": "bool",
    "c8": "complex64",
    "c16": "complex128",
}
_BROKEN = (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error)


@dataclass(frozen=True, slots=True)
class Member:
    """One tensor of an archive: dtype and shape are read, the numbers are not."""

    archive: Archive
    key: str
    dtype: str
    shape: tuple[int, ...]
    code: str
    fortran: bool
    offset: int

    def load(self, name: str) -> NDArray[Any]:
        """The numbers, for the weight called ``name``; raises `LoadError`."""
        import numpy as np

        kind = np.dtype(self.code)
        size = prod(self.shape) * kind.itemsize
        if size > MAX_READ:
            message = f"weight '{name}': {size:,} bytes in '{self.archive.name}' are too many to read"
            raise LoadError("YML010", message)
        data = self.archive.bytes_of(self.key, self.offset, size)
        if len(data) != size:
            where = f"'{self.key}' in '{self.archive.name}'"
            message = f"weight '{name}' needs {size:,} bytes of {where}, it has {len(data):,}"
            raise LoadError("IO011", message)
        array: np.ndarray[Any, Any] = np.frombuffer(data, kind)
        return array.reshape(self.shape, order="F" if self.fortran else "C")

    def read(self, weight: Weight) -> NDArray[Any]:
        """The numbers in the machine's byte order."""
        return self.load(weight.name).astype(weight.dtype, order="C")


class Archive:
    """A ``.npz`` file beside the model; raises `LoadError` when it cannot be opened."""

    def __init__(self, folder: str, name: str) -> None:
        self.name = name
        self.path = _inside(folder, name)
        self._members: dict[str, Member | None] = {}
        try:
            with self._open() as file, zipfile.ZipFile(file) as archive:
                self.keys = [n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy")]
        except _BROKEN as error:
            raise _unreadable(name, error) from None
        self._known = set(self.keys)

    def get(self, key: str) -> Member | None:
        """The tensor called ``key``; None when there is none."""
        if key not in self._known:
            return None
        if key not in self._members:
            try:
                with self._open() as file, zipfile.ZipFile(file) as archive:
                    self._members[key] = self._member(archive, key)
            except _BROKEN as error:
                raise _unreadable(f"{self.name}' ('{key}')", error) from None
        return self._members[key]

    def bytes_of(self, key: str, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes of a member behind its header."""
        try:
            with self._open() as file, zipfile.ZipFile(file) as archive, archive.open(f"{key}.npy") as data:
                data.read(offset)
                return data.read(size)
        except _BROKEN as error:
            raise _unreadable(self.name, error) from None

    def _open(self) -> BinaryIO:
        handle = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        file = os.fdopen(handle, "rb")
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise OSError("not a regular file")
        return file

    def _member(self, archive: zipfile.ZipFile, key: str) -> Member:
        with archive.open(f"{key}.npy") as data:
            start = data.read(8)
            if start[:6] != b"\x93NUMPY" or len(start) < 8:
                raise ValueError("not a NumPy array")
            width = 2 if start[6] == 1 else 4
            length = int.from_bytes(data.read(width), "little")
            if length > MAX_HEADER:
                raise ValueError("its header is too long")
            header = _header(data.read(length))
        code, shape = header["descr"], header["shape"]
        dtype = _DTYPES.get(code[1:]) if isinstance(code, str) and code[:1] in "<>|=" else None
        if dtype is None:
            raise ValueError(f"element type {code!r} is no plain number")
        if not isinstance(shape, tuple) or len(shape) > MAX_RANK:
            raise ValueError("its shape is malformed")
        if not all(type(d) is int and 0 <= d < 1 << 63 for d in shape):
            raise ValueError("its shape is malformed")
        return Member(self, key, dtype, shape, code, bool(header["fortran_order"]), 8 + width + length)


def _header(data: bytes) -> dict[str, Any]:
    try:
        found = ast.literal_eval(data.decode("latin-1").strip())
    except (SyntaxError, MemoryError, RecursionError):
        raise ValueError("its header is malformed") from None
    if not isinstance(found, dict) or not {"descr", "shape", "fortran_order"} <= found.keys():
        raise ValueError("its header is malformed")
    return found


def _inside(folder: str, name: str) -> str:
    """The real path of ``name``, which must lie in ``folder``."""
    parts = name.split("/")
    if os.path.isabs(name) or ".." in parts or "\\" in name or "\0" in name or ":" in parts[0]:
        raise LoadError("IO008", f"weights file '{name}' is outside the model's folder; not read")
    home = os.path.realpath(folder)
    path = os.path.realpath(os.path.join(home, name))
    if os.path.commonpath((home, path)) != home:
        raise LoadError("IO008", f"weights file '{name}' is outside the model's folder; not read")
    if not os.path.exists(path):
        raise LoadError("IO007", f"weights file '{name}' does not exist beside the model")
    return path


def _unreadable(name: str, error: Exception) -> LoadError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return LoadError("YML008", f"weights file '{name}' cannot be read: {reason}")
