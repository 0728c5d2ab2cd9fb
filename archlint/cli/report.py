"""``archlint report``: shapes, exact counts and recurrent gates of every model named."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from archlint.cli.options import parse_dims, parse_shapes, sizes

if TYPE_CHECKING:
    from archlint.analyses import Analysis


@click.command("report")
@click.argument("paths", nargs=-1, required=True)
@click.option("--format", "style", type=click.Choice(["table", "json", "jsonl"]), default="table")
@sizes
def command(paths: tuple[str, ...], style: str, dims: tuple[str, ...], shapes: tuple[str, ...]) -> None:
    """Show the shapes, multiplications, additions and parameters of models, layer by layer."""
    from archlint.api import LoadError, analyse
    from archlint.reporting.report_json import report, unreadable

    pinned, _ = parse_dims(dims)
    given = parse_shapes(shapes)
    rows: list[dict[str, Any]] = []
    failed = False
    for path in paths:
        try:
            analysis: Analysis = analyse(path, dims=pinned, shapes=given)
            row = report(analysis)
        except LoadError as error:
            failed = True
            row = unreadable(path, error)
        if style == "jsonl":
            click.echo(json.dumps(row))
            sys.stdout.flush()
        rows.append(row)
    if style == "json":
        click.echo(json.dumps(rows, indent=1))
    sys.exit(2 if failed else 0)
