"""``archlint check``: the findings of every model named."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from archlint.cli.options import parse_dims, parse_shapes, sizes
from archlint.cli.shared import given_globally, shared, warn
from archlint.cli.sinks import Sinks, default_outputs
from archlint.reporting.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archlint.linting import Checked
    from archlint.linting.session import Session

LEVELS = ("error", "warning", "info")


@click.command("check")
@click.argument("paths", nargs=-1)
@click.option(
    "--select", multiple=True, metavar="CODES", help="Run these rules only: codes, prefixes, names, ALL."
)
@click.option("--extend-select", multiple=True, metavar="CODES", help="Run these rules too.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Leave these rules out.")
@click.option(
    "--fail-on", type=click.Choice(LEVELS), help="Severity that makes the status 1; default warning."
)
@click.option("--min-severity", type=click.Choice(LEVELS), help="Show findings from this severity on.")
@click.option("--exit-zero", is_flag=True, help="Status 0 in place of 1.")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT[=FILE]",
    envvar="ARCHLINT_OUTPUT",
    help=f"Repeatable: {', '.join(FORMATS)}.",
)
@click.option(
    "--weights",
    type=click.Choice(["auto", "all", "none"]),
    help="How much weight data rules may read: all up to 256 MiB and samples above (auto), all, none.",
)
@click.option("--statistics", is_flag=True, help="Count the findings of each rule at the end.")
@click.option("--force-exclude", is_flag=True, help="Apply 'exclude' to paths given by name too.")
@sizes
@shared
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[str, ...], **given: Any) -> None:
    """Report the defects of model files and of folders of them (default: this folder)."""
    from archlint.api import load
    from archlint.linting import lint
    from archlint.linting.session import Session

    started = time.perf_counter()
    pinned, _ = parse_dims(given["dims"])
    given_to = given_globally(
        ctx.obj,
        select=given["select"],
        extend_select=given["extend_select"],
        ignore=given["ignore"],
        fail_on=given["fail_on"],
        min_severity=given["min_severity"],
        weights=given["weights"],
        dims=pinned,
        shapes=parse_shapes(given["shapes"]),
    )
    session = Session(given_to)
    checked = session.start(exit_zero=given["exit_zero"])
    sinks = Sinks(given["outputs"] or session.config.get("output") or default_outputs(), ctx.obj)
    quiet = ctx.obj.get("quiet", False)
    force = given["force_exclude"] or session.config.get("force-exclude", False)
    for path in _files(paths or (".",), session, checked, quiet=quiet, force=force):
        file = lint(path, session.plan(path), load)
        checked.files.append(file)
        sinks.each(file)
        if ctx.obj.get("debug"):
            click.echo("".join(file.tracebacks), err=True, nl=False)
    if ctx.obj.get("verbose") or sys.stdout.isatty():
        checked.seconds = time.perf_counter() - started
    if not quiet:
        for text in dict.fromkeys(session.warnings):
            warn(text)
    sinks.end(checked)
    if given["statistics"]:
        _statistics(checked, err=not sinks.for_people)
    ctx.exit(checked.status)


def _files(
    paths: tuple[str, ...], session: Session, checked: Checked, *, quiet: bool, force: bool
) -> Iterator[str]:
    """The files that ``paths`` mean, each once; what does not exist is told and kept for the status."""
    from archlint.linting.discover import discover

    seen: set[str] = set()
    for path in paths:
        if os.path.isdir(path):
            found = False
            for file in discover(path, session.include):
                if session.excluded(file):
                    continue
                found = True
                if file not in seen:
                    seen.add(file)
                    yield file
            if not found and not quiet:
                warn(f"no model files under '{path}'; looked for *.onnx, *.arch.yaml and the like")
        elif not os.path.lexists(path):
            checked.missing.append(path)
            warn(f"no such file: {path}", "error")
        elif path not in seen and not (force and session.excluded(path)):
            seen.add(path)
            yield path


def _statistics(checked: Checked, *, err: bool) -> None:
    counts = Counter((f.code, f.name) for f in checked.findings)
    for (code, name), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        rule = checked.catalogue.get(code)
        click.echo(f"{count:>6} {code} {name}{' [fixable]' if rule and rule.fixable else ''}", err=err)
