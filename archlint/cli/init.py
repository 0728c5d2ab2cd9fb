"""``archlint init``: starter files."""

from __future__ import annotations

import click

from archlint.cli.shared import shared


@click.command("init")
@shared
def command() -> None:
    """Write starter files; nothing is overwritten."""
