"""The command line: parse, call the api, print, exit."""

from __future__ import annotations

import click

import archlint

_COMMANDS = ("check", "report", "rule", "solve")


class _Lazy(click.Group):
    """A group whose commands are imported when they are run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"archlint.cli.{cmd_name}").command
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(archlint.__version__, message="archlint %(version)s")
@click.option("--no-plugins", is_flag=True, help="Use the built-in rules and operators alone.")
@click.pass_context
def main(ctx: click.Context, *, no_plugins: bool) -> None:
    """Lint and measure neural-network models (ONNX, YAML) without running them."""
    ctx.obj = {"plugins": not no_plugins}
