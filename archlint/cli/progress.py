"""A line on a terminal's error stream that says how far a run over several files has come."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archlint.linting import Linted

PATIENCE = 0.5
"""Seconds of work before anything is shown."""


def progress(files: Iterable[Linted], *, total: int | None, quiet: bool) -> Iterator[Linted]:
    """``files`` as they come; silence when nobody watches, or for one file alone.

    The line is taken away while a result is handled, so that it never mixes with what is printed.
    """
    if quiet or total == 1 or not sys.stderr.isatty():
        yield from files
        return
    started, line, count = time.monotonic(), None, 0
    try:
        for file in files:
            if line is not None:
                line.stop()
            count += 1
            yield file
            if time.monotonic() - started > PATIENCE and count != total:
                line = _line(count, total)
    finally:
        if line is not None:
            line.stop()


def _line(count: int, total: int | None) -> Any:
    """The line, shown; no thread keeps it fresh, since workers are forked while it stands."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    said = f"checked {count:,} of {total:,} files" if total else f"checked {count:,} files"
    line = Live(
        Text(said, style="dim"),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    line.start(refresh=True)
    return line
