"""``archlint check``: the findings of every model named."""

from __future__ import annotations

import sys

import click


@click.command("check")
@click.argument("paths", nargs=-1, required=True)
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...]) -> None:
    """Report the defects of model files."""
    from archlint.api import analyse, collect, run

    rules = [r for r in collect(plugins=ctx.obj["plugins"]) if r.default]
    status = 0
    for path in paths:
        outcome = run(analyse(path), rules)
        for f in outcome.findings:
            click.echo(f"{f.path}: node '{f.node}' ({f.op_type}): {f.code} {f.severity} {f.message}")
            status = 1
    sys.exit(status)
