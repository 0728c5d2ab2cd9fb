"""`Text`: the characters of a YAML file, and errors that point into them."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Protocol

from archlint.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 160
"""Characters of a source line that an error shows."""


class Marked(Protocol):
    """Anything with a place in the text; lines and columns count from 1."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the text."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A YAML source and the path it came from."""

    path: str
    source: str

    @classmethod
    def decode(cls, path: str, data: bytes) -> Text:
        """The text of a file in UTF-8; raises `LoadError` YML001."""
        try:
            return cls(path, data.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
            message = f"byte 0x{data[error.start]:02x} is not UTF-8"
            raise LoadError("YML001", message, line=line, column=column) from None

    def error(self, code: str, message: str, at: Marked, help: str | None = None) -> LoadError:  # noqa: A002
        """An error at a place, with the line and a caret below it."""
        return LoadError(
            code,
            message,
            line=at.line,
            column=at.column,
            snippet=self.snippet(at.line, at.column),
            help=help,
        )

    def snippet(self, line: int, column: int) -> str | None:
        """The source line and a caret under ``column``; None when there is no such line."""
        lines = self.source.split("\n", line)
        if line > len(lines):
            return None
        whole = lines[line - 1].rstrip("\r")
        start = max(0, column - SHOWN // 2) if len(whole) > SHOWN else 0
        shown = whole[start : start + SHOWN]
        before = shown[: column - 1 - start]
        return shown + "\n" + "".join("\t" if c == "\t" else " " for c in before) + "^"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """``did you mean 'kernel'?`` for the known word most like ``word``, ignoring case."""
    by_folded = {k.casefold(): k for k in known}
    found = get_close_matches(word.casefold()[:64], by_folded, 1, 0.6)
    return f"did you mean '{by_folded[found[0]]}'?" if found else None
