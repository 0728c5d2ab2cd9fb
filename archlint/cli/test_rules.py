"""``archlint test-rules``: runs the examples in the documentation of rules."""

from __future__ import annotations

import os
import sys

import click

from archlint.cli.help import Helpful
from archlint.cli.shared import shared


@click.command("test-rules", cls=Helpful, short_help="Run the examples of rules' documentation.")
@click.argument("targets", nargs=-1, required=True, metavar="PACKAGE|FILE...")
@shared
@click.pass_context
def command(ctx: click.Context, /, targets: tuple[str, ...]) -> None:
    """Run the Bad and Good examples of rules, and tell what their documentation lacks."""
    from archlint.linting.collect import local_module
    from archlint.reporting.safe import lines
    from archlint.testing import duplicates, examples, problems, rules_of

    sys.path.insert(0, os.getcwd())
    rules = []
    for target in targets:
        found = rules_of(local_module(target) if os.path.exists(target) else target)
        if not found:
            raise click.UsageError(f"no function marked with @rule in {target}", ctx)
        rules += found
    wrong = duplicates(rules) + [text for rule in rules for text in problems(rule)]
    for text in wrong:
        click.echo(lines(text))
    count = sum(len(examples(rule)) for rule in rules)
    click.echo(f"{len(rules)} rules, {count} examples, {len(wrong)} problems")
    ctx.exit(1 if wrong else 0)
