"""Options that every command takes, before or after its name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archlint.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from archlint.errors import ArchlintError
    from archlint.linting.session import Given

F = TypeVar("F", bound="Callable[..., Any]")


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    given = ctx.ensure_object(dict)
    if param.name is not None and value not in (None, False, 0, ()):
        given[param.name] = value
        if param.name == "no_plugins":
            given["plugins"] = False


def shared(command: F) -> F:
    """Adds the global options; their values are in ``ctx.obj``."""
    for option in (
        click.option("--debug", is_flag=True, help="Show the traceback of an internal error."),
        click.option("-v", "--verbose", count=True, help="Timings, and what was not run."),
        click.option("-q", "--quiet", is_flag=True, help="Findings alone: no verdict, no warnings."),
        click.option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            metavar="WHEN",
            help="Write colours: auto, always or never.",
        ),
        click.option("--no-plugins", is_flag=True, help="Use the built-in rules and operators alone."),
        click.option("--isolated", is_flag=True, help="Read no configuration file and no local rules."),
        click.option(
            "--config",
            multiple=True,
            metavar="FILE|KEY=VALUE",
            help="A configuration file, or one setting: 'rules.RNN001.stuck=0.9'.",
        ),
    ):
        command = _hidden(option)(command)
    return command


def _hidden(option: Callable[[F], F]) -> Callable[[F], F]:
    """``option`` with its value kept from the command's parameters."""

    def add(command: F) -> F:
        command = option(command)
        params = command.params if isinstance(command, click.Command) else command.__click_params__  # type: ignore[attr-defined]
        added = params[-1]
        added.expose_value, added.callback = False, _remember
        added.everywhere = True  # type: ignore[union-attr]
        return command

    return add


def warn(text: str, level: str = "warning") -> None:
    """A line on the error stream."""
    from archlint.reporting.safe import printable

    click.echo(f"{level}: {printable(text)}", err=True)


def piped(limit: int) -> bytes:
    """What stands on standard input; raises `UsageError` beyond ``limit`` bytes."""
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        text = f"standard input holds more than {limit:,} bytes"
        raise UsageError(text, help="name a file, or raise --max-bytes")
    return data


def tell(errors: Iterable[ArchlintError]) -> None:
    """What went wrong beside the work that was done, on the error stream; each only once."""
    from archlint.reporting.safe import lines

    for message, help_text in dict.fromkeys((e.message, e.help) for e in errors):
        click.echo(lines(f"error: {message}" + (f"\nhelp: {help_text}" if help_text else "")), err=True)


def given_globally(values: Mapping[str, Any], **more: Any) -> Given:
    """The options of ``shared`` and those of a command, for a session."""
    from archlint.linting.session import Given

    return Given(
        plugins=values.get("plugins", True),
        isolated=values.get("isolated", False),
        config=values.get("config", ()),
        **more,
    )
