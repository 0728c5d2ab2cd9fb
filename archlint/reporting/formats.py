"""The formats of findings by name; each is a module with ``each(file, look)`` and ``end(run, look)``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from archlint.linting import Checked, Linted
    from archlint.reporting.look import Look

FORMATS = (
    "full",
    "concise",
    "grouped",
    "json",
    "jsonl",
    "sarif",
    "github",
    "gitlab",
    "junit",
    "checkstyle",
    "markdown",
)
PEOPLE = frozenset({"full", "concise", "grouped"})
"""Formats that take colour and follow the width of the terminal."""


class Format(Protocol):
    """Text written after each file, and text written at the end."""

    def each(self, file: Linted, look: Look) -> str: ...
    def end(self, run: Checked, look: Look) -> str: ...


def format_named(name: str) -> Format:
    """The format ``name``, imported when it is used."""
    return cast("Format", import_module(f"archlint.reporting.{name}"))
