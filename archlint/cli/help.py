"""`Helpful`: a command whose help has its options in sections, what every command takes at the end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EVERYWHERE = "Everywhere"
_RANGE = re.compile(r"; x[<>=][^\]]*(?=\])|\s*\[(?:x[<>=]|\d+<=?x)[^\]]*\]")


class Helpful(click.Command):
    """``sections`` names the parameters of each section by title; the others are plain options.

    ``examples`` are command lines and what they do.
    """

    def __init__(
        self,
        *arguments: Any,
        sections: Mapping[str, Sequence[str]] | None = None,
        examples: Sequence[tuple[str, str]] = (),
        **named: Any,
    ) -> None:
        super().__init__(*arguments, **named)
        self.sections = sections or {}
        self.examples = examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows: dict[str, list[tuple[str, str]]] = {"Options": [], **{title: [] for title in self.sections}}
        rows[EVERYWHERE] = []
        titles = {name: title for title, names in self.sections.items() for name in names}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record is not None:
                title = titles.get(param.name or "", "Options")
                common = getattr(param, "everywhere", False) or "--help" in param.opts
                rows[EVERYWHERE if common else title].append((record[0], _RANGE.sub("", record[1])))
        for title, listed in rows.items():
            if listed:
                with formatter.section(title):
                    formatter.write_dl(listed, col_max=28)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(formatter, self.examples)
        super().format_epilog(ctx, formatter)


def write_examples(formatter: click.HelpFormatter, examples: Sequence[tuple[str, str]]) -> None:
    """The section of examples: beside each what it does, or below where the terminal is narrow."""
    if examples:
        widest = max(len(line) for line, _ in examples)
        with formatter.section("Examples"):
            formatter.write_dl(list(examples), col_max=widest if formatter.width > widest + 30 else 1)


class HelpfulGroup(click.Group):
    """A group of `Helpful` commands."""

    command_class = Helpful
