"""``archlint completion``: what a shell needs to complete commands, options, rules and formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archlint.cli.help import Helpful
from archlint.cli.shared import shared

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    cls=Helpful,
    short_help="Print the script that completes in your shell.",
    examples=(
        ('eval "$(archlint completion bash)"', "in ~/.bashrc"),
        ('eval "$(archlint completion zsh)"', "in ~/.zshrc"),
        ("archlint completion fish | source", "in ~/.config/fish/config.fish"),
    ),
)
@click.argument("shell", type=click.Choice(SHELLS), metavar="bash|zsh|fish")
@shared
@click.pass_context
def command(ctx: click.Context, /, shell: str) -> None:
    """Print the script that makes a shell complete commands, options, rule codes and formats."""
    from click.shell_completion import get_completion_class

    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"no completion for {shell}", ctx)
    click.echo(complete(ctx.find_root().command, {}, "archlint", "_ARCHLINT_COMPLETE").source())


def codes(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Codes of rules, names where a name was begun; the last of a list with commas."""
    from click.shell_completion import CompletionItem

    from archlint.linting.session import Session

    before, comma, begun = incomplete.rpartition(",")
    found = [
        (text, entry.summary)
        for entry in Session().catalogue.values()
        for text in (entry.code, entry.name)
        if text.startswith(begun) and (begun or text == entry.code)
    ]
    return [CompletionItem(f"{before}{comma}{text}", help=summary) for text, summary in sorted(found)]


def formats(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of output formats."""
    from click.shell_completion import CompletionItem

    from archlint.reporting.formats import FORMATS

    return [CompletionItem(name) for name in FORMATS if name.startswith(incomplete)]
