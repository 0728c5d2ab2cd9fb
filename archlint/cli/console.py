"""Where human output goes: the terminal's width and colour, or plain text in a pipe."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from archlint.errors import LoadError

UNLIMITED = 10_000


def stdout(color: str = "auto") -> Console:
    """A rich console on standard output; in a pipe nothing is cut to a width."""
    from rich.console import Console

    from archlint.reporting.look import wants_color

    class Plain(Console):
        """A console that leaves a reader who has gone to whoever runs the command."""

        def on_broken_pipe(self) -> None:
            """Raise what rich would turn into a status of its own."""
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    wide = None if sys.stdout.isatty() else UNLIMITED
    painted = wants_color(sys.stdout, color)
    return Plain(
        width=wide,
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=True if painted else None,
        color_system="auto" if painted else None,
    )


def told(path: str, error: LoadError) -> None:
    """Say on standard error why a file cannot be analysed."""
    from archlint.reporting.safe import printable

    place = f"{path}:{error.line}" if error.line else path
    text = f"{place}: {error.code} error {error.message}"
    click.echo(printable(text), err=True)
    if error.help:
        click.echo(printable(f"  help: {error.help}"), err=True)
