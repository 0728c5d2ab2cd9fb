"""Paths of models as other programs want them: relative to the repository, with slashes, escaped."""

from __future__ import annotations

import os
from functools import lru_cache
from urllib.parse import quote

from archlint.linting.discover import repository


@lru_cache(maxsize=1024)
def relative(path: str) -> str:
    """``path`` from the root of the repository it is in (else from here), with slashes."""
    full = os.path.abspath(path)
    root = repository(os.path.dirname(full)) or os.path.abspath(os.curdir)
    text = os.path.relpath(full, root)
    return (full if text.startswith("..") else text).replace(os.sep, "/")


def address(path: str) -> str:
    """The relative path as a URI reference: bytes that URIs do not allow are percent-encoded."""
    text = relative(path)
    try:
        raw = os.fsencode(text)
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "surrogatepass")
    return quote(raw, safe="/-._~")
