"""`Look`: colour, characters and width of text for people."""

from __future__ import annotations

import os
import shutil
import textwrap
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

_STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "code": "1",
    "dim": "2",
    "place": "34",
    "good": "32",
    "help": "36",
}
_ASCII = str.maketrans(
    {
        "─": "-",
        "│": "|",
        "┬": "+",
        "┘": "+",
        "┤": "+",
        "├": "+",
        "└": "+",
        "…": "...",
        "×": "x",
        "≤": "<",
        "≥": ">",
    }
)


UNFOLDED = 10_000


@dataclass(frozen=True, slots=True)
class Look:
    """How text for people is drawn; without colour nothing but the text is written."""

    color: bool = False
    unicode: bool = True
    width: int = 100

    def paint(self, text: str, style: str) -> str:
        """``text`` in a style of the table; the text itself must be clean already."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.color and text else text

    def draw(self, text: str) -> str:
        """``text`` in characters that the stream can show."""
        if self.unicode:
            return text
        return text.translate(_ASCII).encode("ascii", "backslashreplace").decode()

    def wrap(self, text: str, first: str, rest: str) -> str:
        """``text`` behind ``first``, folded at the width with ``rest`` before every further line."""
        lines = textwrap.wrap(
            text,
            self.width,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return "\n".join(lines) or first


def columns(text: str) -> int:
    """Width of ``text`` in terminal cells: East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def look_at(stream: TextIO, color: str = "auto") -> Look:
    """The look that suits ``stream``: ``--color``, then NO_COLOR, then FORCE_COLOR, then a terminal."""
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "").replace("_", "")
    return Look(wants_color(stream, color), encoding in {"utf8", "utf8sig", "utf16", "utf32"}, _width(stream))


def wants_color(stream: TextIO, color: str) -> bool:
    """Whether escapes are written to ``stream``."""
    if color in {"always", "never"}:
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        if os.environ.get(name, "0") not in {"", "0"}:
            return True
    if os.environ.get("TERM") == "dumb":
        return False
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _width(stream: TextIO) -> int:
    """Columns of the terminal; where nobody has one, as in a pipe, lines are not folded."""
    columns_ = os.environ.get("COLUMNS", "")
    if columns_.isdecimal():
        return min(max(int(columns_), 40), 200)
    try:
        folded = stream.isatty()
    except (AttributeError, ValueError):
        folded = False
    return min(max(shutil.get_terminal_size((100, 24)).columns, 40), 200) if folded else UNFOLDED
