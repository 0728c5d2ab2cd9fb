"""``archlint config``: the configuration as archlint sees it."""

from __future__ import annotations

import click

from archlint.cli.shared import shared


@click.group("config")
@shared
def command() -> None:
    """Show and validate the configuration."""
