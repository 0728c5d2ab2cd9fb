"""``archlint report``: shapes, exact counts and recurrent gates of every model named."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from archlint.cli.console import stdout, told
from archlint.cli.options import parse_dims, parse_shapes, sizes

if TYPE_CHECKING:
    from archlint.analyses import Analysis

SORTS = ("order", "macs", "mults", "adds", "params")


@click.command("report")
@click.argument("paths", nargs=-1, required=True)
@click.option("--format", "style", type=click.Choice(["table", "json", "jsonl"]), default="table")
@click.option("--sort", type=click.Choice(SORTS), default="order", help="Order of the table's rows.")
@click.option("--top", type=click.IntRange(1), help="Only the first N rows of the table.")
@click.option("--all", "everything", is_flag=True, help="Layers without arithmetic too.")
@sizes
def command(
    paths: tuple[str, ...],
    *,
    style: str,
    sort: str,
    top: int | None,
    everything: bool,
    dims: tuple[str, ...],
    shapes: tuple[str, ...],
) -> None:
    """Show the shapes, multiplications, additions and parameters of models, layer by layer."""
    from archlint.api import LoadError, analyse
    from archlint.reporting.report_json import report, unreadable
    from archlint.reporting.report_table import View, show

    pinned, _ = parse_dims(dims)
    given = parse_shapes(shapes)
    rows: list[dict[str, Any]] = []
    failed = False
    for number, path in enumerate(paths):
        try:
            analysis: Analysis = analyse(path, dims=pinned, shapes=given)
            if style == "table":
                if number:
                    click.echo()
                show(analysis, stdout(), View(sort, top, everything))
                continue
            row = report(analysis)
        except LoadError as error:
            failed = True
            if style == "table":
                told(path, error)
                continue
            row = unreadable(path, error)
        if style == "jsonl":
            click.echo(json.dumps(row))
            sys.stdout.flush()
        else:
            rows.append(row)
    if style == "json":
        click.echo(json.dumps(rows, indent=1))
    sys.exit(2 if failed else 0)
