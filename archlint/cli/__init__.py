"""The command line: parse, call the api, print, exit."""

from __future__ import annotations

import errno
import gc
import os
import sys
from typing import TYPE_CHECKING, Any

import click

import archlint
from archlint.cli.help import write_examples
from archlint.cli.shared import shared
from archlint.errors import ArchlintError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

_COMMANDS = ("check", "report", "solve", "rule", "config", "init", "test-rules", "completion")
_EXAMPLES = (
    ("archlint check models/", "findings; the status is 0, 1 (findings) or 2 (incomplete)"),
    ("archlint report model.onnx", "multiplications, additions, parameters of every layer"),
    ("archlint rule RNN001", "what a finding means and what to do about it"),
)
_MODELS = (".onnx", ".onnxtxt", ".yaml", ".yml", ".pb", ".textproto")


# products here are small, and threads that wait for each other cost more than they save; -j has the cores
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")


class _ClosedPipe(Exception):
    """The reader of our output has gone: ``archlint ... | head``."""


class _Lazy(click.Group):
    """A group whose commands are imported when they are run, and which ends as documented."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"archlint.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(formatter, _EXAMPLES)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0] if args else ""
        if word not in _COMMANDS and (word.endswith(_MODELS) or os.path.exists(word)):
            raise click.UsageError(f"did you mean 'archlint check {word}'?", ctx)
        if word and word not in _COMMANDS and not word.startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(word, _COMMANDS, 1)
            hint = f"; did you mean '{close[0]}'?" if close else f"; there are {', '.join(_COMMANDS)}"
            raise click.UsageError(f"no command '{word}'{hint}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            value = super().invoke(ctx)
            sys.stdout.flush()
        except OSError as error:
            if error.errno in {errno.EPIPE, errno.EINVAL} and not error.filename:
                raise _ClosedPipe from None
            raise
        return value

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - click's signature
        **extra: Any,
    ) -> Any:
        """Run a command line: status 0, 1 or 2 as its command says, 130 for Ctrl-C."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        debug = "--debug" in sys.argv
        extra.setdefault("obj", {"argv": list(sys.argv[1:] if args is None else args)})
        try:
            status = super().main(args, prog_name or "archlint", complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            alone = error.ctx is None or error.ctx.parent is None
            click.echo(_short_help() if alone else error.format_message())
            status = 0
        except click.ClickException as error:
            status = _complain(error.format_message(), _usage(error), error.exit_code)
        except ArchlintError as error:
            if debug:
                raise
            status = _complain(error.message, error.help, 2)
        except (click.Abort, KeyboardInterrupt):
            status = 130
        except _ClosedPipe:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            status = 0
        except Exception as error:
            if debug:
                raise
            text = f"archlint failed: {type(error).__name__}: {error}"
            status = _complain(text, "--debug shows where; please report it", 2)
        _leave(status if isinstance(status, int) else 0)
        return None


def _short_help() -> str:
    """What stands on the screen when nothing is asked for."""
    width = max(len(command) for command, _ in _EXAMPLES)
    lines = [
        "Usage: archlint [OPTIONS] COMMAND [ARGS]...",
        "",
        "Lint and measure neural-network models (ONNX, YAML) without running them.",
        "",
        "Examples:",
        *(f"  {command.ljust(width)}  {meaning}" for command, meaning in _EXAMPLES),
        "",
        f"Commands: {', '.join(_COMMANDS)}",
        "",
        "'archlint --help' shows every option, 'archlint COMMAND --help' those of a command.",
    ]
    return "\n".join(lines)


def _leave(status: int) -> NoReturn:
    gc.freeze()  # the process ends: going through a million live objects once more serves nobody
    sys.exit(status)


def _usage(error: click.ClickException) -> str | None:
    ctx = getattr(error, "ctx", None)
    return f"'{ctx.command_path} --help' shows the options" if ctx is not None else None


def _complain(text: str, help_text: str | None, status: int) -> int:
    from archlint.reporting.safe import lines

    click.echo(f"error: {lines(text)}", err=True)
    if help_text:
        click.echo(f"help: {lines(help_text)}", err=True)
    return status


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if not value:
        return
    from importlib.metadata import PackageNotFoundError, version

    parts = []
    for package in ("onnx",):
        try:
            parts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            parts.append(f"no {package}")
    parts.append(f"python {sys.version.split()[0]}")
    click.echo(f"archlint {archlint.__version__} ({', '.join(parts)})")
    ctx.exit(0)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
@shared
@click.pass_context
def main(ctx: click.Context) -> None:
    """Lint and measure neural-network models (ONNX, YAML) without running them."""
    ctx.ensure_object(dict).setdefault("plugins", True)
