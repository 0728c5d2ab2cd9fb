"""Where human output goes: the terminal's width and colour, or plain text in a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from archlint.errors import LoadError

UNLIMITED = 10_000


def stdout() -> Console:
    """A rich console on standard output; in a pipe nothing is cut to a width."""
    from rich.console import Console

    wide = None if sys.stdout.isatty() else UNLIMITED
    return Console(width=wide, highlight=False, markup=False, emoji=False)


def told(path: str, error: LoadError) -> None:
    """Say on standard error why a file cannot be analysed."""
    from archlint.reporting.safe import printable

    place = f"{path}:{error.line}" if error.line else path
    text = f"{place}: {error.code} error {error.message}"
    click.echo(printable(text), err=True)
    if error.help:
        click.echo(printable(f"  help: {error.help}"), err=True)
