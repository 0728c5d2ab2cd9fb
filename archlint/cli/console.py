"""Where human output goes: the terminal's width and colour, or plain text in a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from archlint.reporting.look import wants_color

if TYPE_CHECKING:
    from rich.console import Console

    from archlint.errors import LoadError

UNLIMITED = 10_000


def stdout() -> Console:
    """A rich console on standard output; in a pipe nothing is cut to a width, and styles are as wanted."""
    from rich.console import Console

    wide = None if sys.stdout.isatty() else UNLIMITED
    context = click.get_current_context(silent=True)
    color = (context.obj or {}).get("color", "auto") if context is not None else "auto"
    styled = wants_color(sys.stdout, color)
    return Console(
        width=wide,
        highlight=False,
        markup=False,
        emoji=False,
        color_system="auto" if styled else None,
        force_terminal=True if styled else None,
    )


def told(path: str, error: LoadError) -> None:
    """Say on standard error why a file cannot be analysed."""
    from archlint.reporting.safe import printable

    place = f"{path}:{error.line}" if error.line else path
    text = f"{place}: {error.code} error {error.message}"
    click.echo(printable(text), err=True)
    if error.help:
        click.echo(printable(f"  help: {error.help}"), err=True)
