"""External data: tensors in a file beside the model, which is read only where it is safe to.

A model is a file from somewhere, and the places it names are not to be trusted: only a regular file
below the model's own folder is opened, reached without following a link that leads out of it.

https://onnx.ai/onnx/repo-docs/ExternalData.html
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from archlint.errors import LoadError
from archlint.loaders.files import READ, File, size_text
from archlint.loaders.sniff import lfs_pointer
from archlint.loaders.tensors import RawSource, Region, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnx
    from numpy.typing import NDArray

    from archlint.model import Weight

_DRIVE = re.compile(r"^[A-Za-z]:")
_LONGEST = 4096


class ExternalFiles:
    """The files that a model's tensors may be in; each is opened once, on demand."""

    def __init__(self, path: str, *, hard_links: bool) -> None:
        self.folder = os.path.dirname(os.path.abspath(path))
        # a cache of models keeps links in the folder that is named and the files in another
        self.roots = (os.path.realpath(self.folder), os.path.dirname(os.path.realpath(path)))
        self.hard_links = hard_links
        self._files: dict[str, File | LoadError] = {}

    def file(self, location: str, name: str, part: str) -> File:
        """The file at ``location``, for tensor ``name``, which is ``part`` of it; raises `LoadError`."""
        found = self._files.get(location)
        if found is None:
            try:
                found = self._open(location, name, part)
            except LoadError as error:
                found = error
            self._files[location] = found
        if isinstance(found, LoadError):
            raise found
        return found

    def _open(self, location: str, name: str, part: str) -> File:
        reason = _unsafe(location)
        if reason is not None:
            raise _refused(name, location, reason)
        target = os.path.realpath(os.path.join(self.folder, location))
        root = next((r for r in self.roots if target.startswith(r.rstrip(os.sep) + os.sep)), None)
        if root is None:
            raise _refused(name, location, "outside the model's folder")
        try:
            file = File(_descend(root, os.path.relpath(target, root).split(os.sep)))
        except FileNotFoundError:
            message = (
                f"initializer '{name}' needs '{location}' ({part}), which does not exist beside the model"
            )
            raise LoadError("IO007", message) from None
        except LoadError as error:
            message = f"initializer '{name}': '{location}': {error.message}"
            raise LoadError("IO009", message) from None
        except OSError as error:
            message = f"initializer '{name}': cannot read '{location}': {error.strerror}"
            raise LoadError("IO009", message) from None
        if file.status.st_nlink > 1 and not self.hard_links:
            raise _refused(name, location, "a file with a second name (hard link)")
        if file.size <= 1024 and (pointer := lfs_pointer(file.read(0, file.size))):
            message = f"initializer '{name}' needs '{location}', which is a Git LFS pointer ({pointer})"
            raise LoadError("IO001", message, help=f"run 'git lfs pull --include={location}'")
        return file


class ExternalSource:
    """Numbers in a file beside the model."""

    __slots__ = ("entries", "files")

    def __init__(self, proto: onnx.TensorProto, files: ExternalFiles) -> None:
        self.entries = {text(e.key): text(e.value) for e in proto.external_data}
        self.files = files

    @property
    def location(self) -> str:
        """The path that the model gives."""
        return self.entries.get("location", "")

    def read(self, weight: Weight) -> NDArray[Any]:
        """The numbers, mapped from the file; raises `LoadError`."""
        return RawSource(self._region(weight)).read(weight)

    def blocks(self, weight: Weight, limit: int | None) -> Iterator[tuple[int, NDArray[Any]]]:
        """The numbers in pieces; raises `LoadError`."""
        return RawSource(self._region(weight)).blocks(weight, limit)

    def locate(self, weight: Weight) -> None:
        """Raises `LoadError` when the numbers are not where the model says; reads none of them."""
        self._region(weight)

    def _region(self, weight: Weight) -> Region:
        name, location = weight.name, self.location
        needed = weight.nbytes
        offset = self._number("offset", weight, 0)
        length = self._number("length", weight, needed or 0)
        file = self.files.file(location, name, f"{size_text(length)} at offset {offset:,}")
        if length > file.size or offset > file.size - length:
            message = (
                f"initializer '{name}' needs bytes {offset:,}..{offset + length:,} of '{location}', "
                f"file has {file.size:,}"
            )
            raise LoadError("IO011", message, help=f"the file is {size_text(file.size)}; was it cut short?")
        return Region(file, offset, length)

    def _number(self, key: str, weight: Weight, default: int) -> int:
        given = self.entries.get(key, "")
        if not given:
            return default
        if not (given.isascii() and given.isdigit() and len(given) <= 19):
            message = (
                f"initializer '{weight.name}': {key} '{given[:40]}' of its data is not a number of bytes"
            )
            raise LoadError("IO011", message)
        return int(given)


def _unsafe(location: str) -> str | None:
    """Why a location may not be looked at, or None."""
    if not location:
        return "no place at all"
    if len(location) > _LONGEST or "\0" in location:
        return "not a path"
    if location.startswith("/") or _DRIVE.match(location):
        return "an absolute path"
    if "\\" in location:
        return "a path with a backslash"
    if ".." in location.split("/"):
        return "outside the model's folder"
    return None


def _refused(name: str, location: str, reason: str) -> LoadError:
    shown = location if len(location) <= 200 else location[:200] + "..."
    return LoadError("IO008", f"initializer '{name}' points to '{shown}', {reason}; not read")


def _descend(root: str, parts: list[str]) -> int:
    """A descriptor of the file below ``root``, no component of the way being a link."""
    if os.open not in os.supports_dir_fd:
        return os.open(os.path.join(root, *parts), READ)
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(parts[-1], READ | os.O_NOFOLLOW, dir_fd=folder)
    finally:
        os.close(folder)
