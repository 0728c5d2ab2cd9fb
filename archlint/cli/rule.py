"""``archlint rule``: starter files."""

from __future__ import annotations

import click

from archlint.cli.shared import shared


@click.command("rule")
@shared
def command() -> None:
    """Write starter files; nothing is overwritten."""
