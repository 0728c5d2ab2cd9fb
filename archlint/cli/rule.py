"""``archlint rule``: what rules there are, and what each of them means."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

import click

from archlint.cli.completion import codes as completed
from archlint.cli.help import Helpful
from archlint.cli.shared import shared, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.linting import Notice, Rule


PAGE = re.compile(r"^[A-Z]{2,4}[0-9]{3}\.md$")


@click.command(
    "rule",
    cls=Helpful,
    short_help="List the rules, or explain some.",
    examples=(
        ("archlint rule", "the list"),
        ("archlint rule RNN001", "what a finding means and what to do about it"),
        ("archlint rule SHP --format json", "a family, for programs"),
    ),
)
@click.argument("codes", nargs=-1, metavar="[CODE|NAME|PREFIX]...", shell_complete=completed)
@click.option("--all", "everything", is_flag=True, help="The documentation of every rule.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "md", "json"]),
    default="text",
    metavar="FORMAT",
    help="text (default), md or json.",
)
@click.option("--output-dir", metavar="FOLDER", help="Write a page for each code and an index, in Markdown.")
@shared
@click.pass_context
def command(
    ctx: click.Context,
    /,
    codes: tuple[str, ...],
    *,
    everything: bool,
    style: str,
    output_dir: str | None,
) -> None:
    """List the rules, or explain those named by code, name or prefix."""
    from archlint.cli.shared import given_globally
    from archlint.linting.select import selector
    from archlint.linting.session import Session
    from archlint.reporting import rule_page, safe
    from archlint.reporting.look import look_at

    session = Session(given_globally(ctx.obj))
    tell(session.broken)
    entries = [session.catalogue[code] for code in sorted(session.catalogue)]
    if codes:
        names = {e.code for e in entries} | {e.name for e in entries}
        chosen = {code for text in codes for code in selector(text, entries).codes}
        entries = [e for e in entries if e.code in chosen]
        everything = everything or all(t.upper() in names or t.lower() in names for t in codes)
    if output_dir is not None:
        click.echo(
            f"wrote {write_pages(entries, output_dir, prune=not codes)} pages to {safe.printable(output_dir)}"
        )
        return
    look = look_at(sys.stdout, ctx.obj.get("color", "auto"))
    if style == "json":
        click.echo(safe.json([rule_page.fact(e) for e in entries], indent=1))
    elif not everything:
        shown = rule_page.table(entries) if style == "md" else rule_page.listing(entries, look)
        click.echo(shown, nl=False)
    elif style == "md":
        click.echo("\n".join(rule_page.markdown(e) for e in entries), nl=False)
    else:
        line = "\n" + look.draw("─" * min(look.width, 72)) + "\n\n"
        click.echo(line.join(rule_page.text(e, look) for e in entries), nl=False)
    ctx.exit(2 if session.broken else 0)


def write_pages(entries: Sequence[Rule | Notice], folder: str, *, prune: bool = False) -> int:
    """One page for each entry, and ``README.md`` as their index; returns the number of pages.

    With ``prune`` pages of codes that are no more are removed.
    """
    from archlint.reporting import rule_page

    os.makedirs(folder, exist_ok=True)
    pages = rule_page.pages(entries)
    for old in os.listdir(folder):
        if prune and PAGE.match(old) and old not in pages:
            os.unlink(os.path.join(folder, old))
    for name, text in pages.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    return len(pages)
