"""Files opened so that none of them can hang, lead elsewhere or be something else than a file."""

from __future__ import annotations

import mmap
import os
import stat
from typing import Any

from archlint.errors import LoadError

READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
IN_MEMORY = 1 << 20

_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISSOCK, "a socket"),
)


def size_text(count: int) -> str:
    """``97.8 MB``, ``512 bytes``: a size as people write it, in powers of 1000."""
    if count < 1000:
        return f"{count} bytes"
    value = float(count)
    units = ["TB", "GB", "MB", "kB"]
    value /= 1000
    while value >= 999.95 and len(units) > 1:
        value /= 1000
        units.pop()
    return f"{value:.1f} {units[-1]}"


class File:
    """An open regular file; closed when nobody refers to it any more."""

    __slots__ = ("_map", "fd", "size", "status")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._map: mmap.mmap | None = None
        self.status = os.fstat(fd)
        self.size = self.status.st_size
        if not stat.S_ISREG(self.status.st_mode):
            kind = next((k for test, k in _KINDS if test(self.status.st_mode)), "a special file")
            raise LoadError("IO009", f"cannot read: {kind}, not a file")

    def read(self, offset: int, length: int) -> bytes:
        """``length`` bytes from ``offset``; raises `LoadError` when the file has become shorter."""
        parts: list[bytes] = []
        while length:
            try:
                part = os.pread(self.fd, min(length, 1 << 30), offset)
            except OSError as error:
                raise LoadError("IO009", f"cannot read: {error.strerror}") from None
            if not part:
                raise LoadError("IO006", "file became shorter while it was read")
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def view(self, offset: int, length: int) -> bytes | memoryview:
        """The same bytes without a copy, except that a few are cheaper read than mapped."""
        if length <= IN_MEMORY:
            return self.read(offset, length)
        return memoryview(self.map())[offset : offset + length]

    def map(self) -> mmap.mmap:
        """The whole file as memory; pages are read when they are touched."""
        if self._map is None:
            try:
                self._map = mmap.mmap(self.fd, self.size, access=mmap.ACCESS_READ)
            except (OSError, ValueError) as error:
                raise LoadError("IO009", f"cannot read: {error}") from None
        return self._map

    def __del__(self) -> None:
        fd, self.fd = getattr(self, "fd", -1), -1
        if fd >= 0:
            os.close(fd)


class Held:
    """A file whose contents are at hand, such as standard input."""

    __slots__ = ("data", "size")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        """``length`` bytes from ``offset``."""
        return self.data[offset : offset + length]


def open_file(path: str) -> File:
    """The regular file at ``path``; raises `LoadError` IO009 for anything else."""
    try:
        return File(os.open(path, READ))
    except (OSError, ValueError) as error:
        if isinstance(error, LoadError):
            raise
        reason: Any = error.strerror if isinstance(error, OSError) else error
        raise LoadError("IO009", f"cannot read: {reason}") from None


def contents(path: str, limit: int) -> bytes:
    """The bytes of a regular file; raises `LoadError` for anything else, and beyond ``limit``."""
    file = open_file(path)
    if file.size > limit:
        raise LoadError("IO010", f"{size_text(file.size)} are over the limit of {size_text(limit)}")
    return file.read(0, file.size)
