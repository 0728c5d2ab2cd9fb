"""``archlint config``: the configuration as archlint sees it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from archlint.cli.help import HelpfulGroup
from archlint.cli.shared import given_globally, shared, tell
from archlint.errors import UsageError

if TYPE_CHECKING:
    from archlint.linting.session import Session


@click.group("config", cls=HelpfulGroup, short_help="Show and validate the configuration.")
@shared
def command() -> None:
    """Show and validate the configuration."""


def _session(ctx: click.Context) -> Session:
    from archlint.linting.session import Session

    return Session(given_globally(ctx.obj))


@command.command("path", short_help="The file that holds for a model.")
@click.argument("model", required=False, default=".")
@shared
@click.pass_context
def path_(ctx: click.Context, /, model: str) -> None:
    """Print the configuration file that holds for MODEL."""
    click.echo(_session(ctx).config_for(_folder(model)).path or "no configuration file")


@command.command("show", short_help="Every setting, and where it comes from.")
@click.argument("model", required=False, default=".")
@shared
@click.pass_context
def show(ctx: click.Context, /, model: str) -> None:
    """Print every setting that holds for MODEL, and where it comes from."""
    from archlint.reporting.safe import lines

    config = _session(ctx).config_for(_folder(model))
    click.echo(f"# {config.path or 'no configuration file'}")
    for dotted, value in _flat(config.values, ""):
        click.echo(lines(f"{dotted} = {_text(value)}    # {config.origin(dotted)}"))


@command.command("get", short_help="One setting, and where it comes from.")
@click.argument("key")
@click.option("--for", "model", default=".", metavar="MODEL", help="The model that the setting is for.")
@shared
@click.pass_context
def get(ctx: click.Context, /, key: str, model: str) -> None:
    """Print one setting and where it comes from: archlint config get rules.RNN001.stuck."""
    from archlint.reporting.safe import lines

    session = _session(ctx)
    config = session.config_for(_folder(model))
    try:
        value, origin = config.find(key), config.origin(key)
    except KeyError:
        value, origin = _default(session, key), "default"
    plan = session.plan(model) if os.path.isfile(model) else None
    parts = key.split(".")
    if plan is not None and len(parts) == 3 and parts[0] == "rules":
        code = next((r.code for r in session.rules if parts[1] in {r.code, r.name}), parts[1])
        planned = plan.settings.options.get(code, {}).get(parts[2].replace("-", "_"), value)
        if planned != value:
            value, origin = planned, f"{config.path}, overrides"
    click.echo(lines(f"{_text(value)}    # {origin}"))


def _default(session: Session, key: str) -> Any:
    """The value of a setting that nobody set."""
    from archlint.linting.config_schema import KEYS

    parts = key.split(".")
    if parts[0] == "rules" and len(parts) == 3:
        for rule in session.rules:
            option = rule.options.get(parts[2].replace("-", "_"))
            if parts[1] in {rule.code, rule.name} and option is not None:
                return option.default
    elif parts[0] == "severity" and len(parts) == 2 and parts[1] in session.catalogue:
        return session.catalogue[parts[1]].severity
    elif parts[0] in KEYS:
        return {"fail-on": "warning", "min-severity": "info", "weights": "auto", "plugins": "auto"}.get(key)
    raise UsageError(f"no setting '{key}'", help="archlint config show lists what is set")


@command.command("validate", short_help="Check it, and say what is wrong.")
@click.argument("models", nargs=-1)
@shared
@click.pass_context
def validate(ctx: click.Context, /, models: tuple[str, ...]) -> None:
    """Check the configuration for MODELS (default: of this folder); status 2 when it is wrong."""
    from archlint.cli.sinks import configured_outputs

    session = _session(ctx)
    for model in models or (".",):
        session.plan(os.path.join(model, "model.onnx") if os.path.isdir(model) else model)
        config = session.config_for(_folder(model))
        configured_outputs(config)
        path = config.path
        tell(session.broken)
        if session.broken:
            ctx.exit(2)
        click.echo(f"{path}: valid" if path else f"{model}: no configuration file")


def _folder(model: str) -> str:
    return model if os.path.isdir(model) else os.path.dirname(model) or "."


def _flat(values: dict[str, Any], prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        dotted = f"{prefix}.{key}" if prefix else key
        found += _flat(value, dotted) if isinstance(value, dict) else [(dotted, value)]
    return found


def _text(value: Any) -> str:
    from archlint.reporting import safe

    return "none" if value is None else safe.json(value)
