"""Reads a model file, and names what it is when it is not a model."""

from __future__ import annotations

import os
import stat

from archlint.errors import LoadError


def read(path: str) -> bytes:
    """The bytes of a regular file; raises `LoadError` for anything else."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise LoadError("IO009", f"cannot read: {error.strerror}") from None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise LoadError("IO009", "cannot read: not a regular file")
        return file.read()
