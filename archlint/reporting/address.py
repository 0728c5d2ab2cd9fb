"""Paths of models as other programs want them: relative to the repository, with slashes, escaped."""

from __future__ import annotations

import os
from functools import lru_cache
from urllib.parse import quote

from archlint.linting.discover import repository


def relative(path: str) -> str:
    """``path`` from the root of the repository (else from here), with slashes; ``../`` leads out of it.

    The repository is the one archlint was started in, or the model's own where there is none.
    """
    return _relative(os.path.abspath(path), os.path.abspath(os.curdir))


@lru_cache(maxsize=1024)
def _relative(full: str, here: str) -> str:
    root = repository(here) or repository(os.path.dirname(full)) or here
    try:
        return os.path.relpath(full, root).replace(os.sep, "/")
    except ValueError:  # another drive
        return full.replace(os.sep, "/")


def outside(path: str) -> bool:
    """True for a file that the repository's own addresses cannot name."""
    text = relative(path)
    return text.startswith("../") or os.path.isabs(text)


def address(path: str) -> str:
    """The relative path as a URI reference, a ``file:`` URI outside of the repository.

    Bytes that URIs do not allow are percent-encoded.
    """
    text = os.path.abspath(path).replace(os.sep, "/") if outside(path) else relative(path)
    try:
        raw = os.fsencode(text)
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "surrogatepass")
    return ("file://" if outside(path) else "") + quote(raw, safe="/-._~")
