"""``archlint check``: the findings of every model named."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from archlint.cli.accepting import baseline_for, keep
from archlint.cli.bounds import memory_bounded
from archlint.cli.completion import codes, formats
from archlint.cli.garbage import held_off
from archlint.cli.help import Helpful
from archlint.cli.limits import BOUNDS, limited, limits, timeout
from archlint.cli.options import measured, parse_dims, parse_measured, parse_shapes, sizes
from archlint.cli.paths import named_files
from archlint.cli.progress import progress
from archlint.cli.shared import given_globally, piped, shared, tell, warn
from archlint.cli.sinks import Sinks, configured_outputs, default_outputs
from archlint.errors import UsageError
from archlint.reporting.formats import FORMATS
from archlint.reporting.safe import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from archlint.linting import Checked, Linted
    from archlint.linting.baseline import Baseline
    from archlint.linting.earlier import Earlier
    from archlint.linting.session import Session
    from archlint.loaders.options import Limits
    from archlint.model import Model

LEVELS = ("error", "warning", "info")


@click.command(
    "check",
    cls=Helpful,
    short_help="Report the defects of models.",
    sections={
        "Which rules": ("select", "extend_select", "ignore", "pedantic", "targets", "weights"),
        "What fails the run": ("fail_on", "max_warnings", "lfs", "exit_zero"),
        "Output": ("outputs", "min_severity", "statistics", "show_suppressed"),
        "What is known already": (
            "base",
            "baseline",
            "write_baseline",
            "accept_new",
            "prune_baseline",
            "strict_baseline",
            "ignore_suppressions",
        ),
        "Repair": ("fix", "in_place", "diff"),
        "Models and run": (
            "dims",
            "shapes",
            "force_exclude",
            "jobs",
            "no_cache",
            "show_files",
            "watch",
        ),
        **BOUNDS,
    },
    examples=(
        ("archlint check", "every model below this folder"),
        ("archlint check m.onnx -o sarif=m.sarif", "findings for code scanning too"),
        ("archlint check --base HEAD~1", "only what is new since a revision"),
        ("archlint check m.onnx --diff", "what --fix would repair"),
    ),
)
@click.argument("paths", nargs=-1)
@click.option(
    "--select",
    multiple=True,
    metavar="CODES",
    shell_complete=codes,
    help="Run these rules only: codes, prefixes, names, ALL.",
)
@click.option(
    "--extend-select", multiple=True, metavar="CODES", shell_complete=codes, help="Run these rules too."
)
@click.option("--ignore", multiple=True, metavar="CODES", shell_complete=codes, help="Leave these rules out.")
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    metavar="LEVEL",
    help="Fail at this severity, shown or not: error, warning or info; default warning.",
)
@click.option(
    "--min-severity", type=click.Choice(LEVELS), metavar="LEVEL", help="Show findings from this severity on."
)
@click.option(
    "--max-warnings",
    type=click.IntRange(0),
    metavar="N",
    help="Fail only when there are more than N warnings.",
)
@click.option(
    "--pedantic", is_flag=True, help="Run the rules that are off by default too: style, weak hints."
)
@click.option("--exit-zero", is_flag=True, help="Status 0 in place of 1.")
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME",
    help="Judge models by what this runtime reads: onnxruntime-1.17, tensorrt-8.4; repeatable.",
)
@click.option(
    "--lfs",
    type=click.Choice(["error", "warn", "skip"]),
    metavar="WHAT",
    help="Git LFS pointer in place of a model: error (default), warn or skip.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT[=FILE]",
    envvar="ARCHLINT_OUTPUT",
    shell_complete=formats,
    help=f"Repeatable: {', '.join(FORMATS)}.",
)
@click.option(
    "--weights",
    type=click.Choice(["auto", "all", "none"]),
    metavar="HOW",
    help="Weight data that rules may read: auto (all up to 256 MiB, samples above), all or none.",
)
@click.option("--base", metavar="REV|FILE|DIR", help="Report only what is not in this earlier version.")
@click.option("--baseline", metavar="FILE", help="Report only what is not accepted in FILE.")
@click.option("--write-baseline", is_flag=True, help="Accept what is found now.")
@click.option("--accept-new", is_flag=True, help="Let --write-baseline add to a baseline that exists.")
@click.option("--prune-baseline", is_flag=True, help="Remove what is gone from the baseline.")
@click.option("--strict-baseline", is_flag=True, help="Status 2 when the baseline holds what is gone.")
@click.option("--show-suppressed", is_flag=True, help="Write what is ignored or accepted to SARIF too.")
@click.option("--ignore-suppressions", is_flag=True, help="Report what the models themselves ignore too.")
@click.option("--fix", is_flag=True, help="Repair what can be repaired, in a new file *.fixed.onnx.")
@click.option("--in-place", is_flag=True, help="With --fix: change the file itself.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option(
    "-j", "--jobs", type=click.IntRange(1), metavar="N", help="Worker processes; default: one a core."
)
@click.option(
    "--stdin-filename",
    metavar="NAME",
    help="What the model on standard input ('-') is called, suffix included.",
)
@click.option("--no-cache", is_flag=True, help="Neither use nor keep results of earlier runs.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule at the end.")
@click.option("--show-files", is_flag=True, help="List the files that would be checked, and check none.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, until Ctrl-C.")
@click.option("--force-exclude", is_flag=True, help="Apply 'exclude' to paths given by name too.")
@sizes
@measured
@limited
@shared
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[str, ...], **given: Any) -> None:
    """Report the defects of model files and of folders of them (default: this folder).

    The status is 0 when nothing reaches --fail-on, 1 when something does, and 2 when the check is
    incomplete: a path that does not exist, a wrong option, a rule or a plugin that failed.
    """
    from archlint.linting.earlier import Earlier
    from archlint.linting.session import Session

    started = time.perf_counter()
    pinned, ranges = parse_dims(given["dims"])
    given_to = given_globally(
        ctx.obj,
        select=given["select"],
        extend_select=given["extend_select"],
        ignore=given["ignore"],
        fail_on=given["fail_on"],
        min_severity=given["min_severity"],
        weights=given["weights"],
        lfs=given["lfs"],
        targets=given["targets"],
        pedantic=given["pedantic"],
        dims={**pinned, **ranges},
        shapes=parse_shapes(given["shapes"]),
    )
    session = Session(given_to)
    session.plan(os.curdir)  # settings that are wrong are told even where there is nothing to check
    if given["watch"]:
        from archlint.cli.watch import watch

        watch(ctx.obj["argv"], paths or (".",), session)
    checked = session.start(exit_zero=given["exit_zero"])
    limit = given["max_warnings"]
    checked.max_warnings = session.config.get("max-warnings") if limit is None else limit
    checked.show_suppressed = given["show_suppressed"] or session.config.get("show-suppressed", False)
    force = given["force_exclude"] or session.config.get("force-exclude", False)
    if given["show_files"]:
        for path in named_files(
            paths or (".",), session, checked, quiet=ctx.obj.get("quiet", False), force=force
        ):
            click.echo(printable(path))
        ctx.exit(checked.status)
    outputs = given["outputs"] or configured_outputs(session.config) or default_outputs()
    sinks = Sinks(outputs, ctx.obj, accepting=given["write_baseline"])
    baseline = baseline_for(given, session)
    quiet = ctx.obj.get("quiet", False)
    with Earlier(given["base"]) if given["base"] else nullcontext() as earlier:
        named = named_files(paths or (".",), session, checked, quiet=quiet, force=force)
        if "-" in paths:
            named = (given["stdin_filename"] or p if p == "-" else p for p in named)
        bounds = session.config.get("limits", {})
        seconds = timeout(given, bounds)
        work = partial(
            check_file,
            session=session,
            baseline=baseline,
            earlier=earlier,
            suppressions=not given["ignore_suppressions"],
            settings=parse_measured(given),
            within=lambda path: limits(
                given, session.config_for(os.path.dirname(path) or ".").get("limits", {})
            ),
            held=_on_stdin(paths, given, limits(given, bounds).structure_bytes),
        )
        files: Iterator[Linted]
        if given["fix"] or given["diff"]:
            from archlint.cli.fix import repair

            fixable = {code: entry.fixable for code, entry in session.catalogue.items()}
            options = {"diff": given["diff"], "in_place": given["in_place"]}
            files = (work(repair(p, session.plan(p), fixable, **options) or p) for p in named)
        elif earlier is not None or ctx.obj.get("debug"):
            files = (work(path) for path in named)
        else:
            from archlint.cli.many import Many

            many = Many(session, work, jobs=given["jobs"], timeout=seconds)
            if not given["no_cache"] and baseline is None and not given["calibration"] and "-" not in paths:
                settled = {k: v for k, v in given.items() if k.startswith("max_") and v}
                many.remember(
                    suppressions=not given["ignore_suppressions"],
                    ranges=given["ranges"],
                    limits=(settled, bounds),
                )
            files = many.check(named)
        total = len(paths) if paths and not any(map(os.path.isdir, paths)) else None
        try:
            for file in progress(files, total=total, quiet=quiet):
                checked.files.append(file)
                sinks.each(file)
                for text in file.remarks:
                    warn(text)
                if ctx.obj.get("debug"):
                    click.echo("".join(file.tracebacks), err=True, nl=False)
                if ctx.obj.get("verbose"):
                    _timing(file)
        except KeyboardInterrupt:
            _interrupted(checked, sinks)
            ctx.exit(130)
    if baseline is not None:
        keep(baseline, checked, given, aloud=sinks.for_people)
    if ctx.obj.get("verbose") or sys.stdout.isatty():
        checked.seconds = time.perf_counter() - started
    checked.broken = bool(session.broken)
    tell(session.broken)
    if not quiet:
        for text in dict.fromkeys(session.warnings):
            warn(text)
    sinks.end(checked)
    if given["statistics"]:
        _statistics(checked, err=not sinks.for_people)
    ctx.exit(checked.status)


def _interrupted(checked: Checked, sinks: Sinks) -> None:
    """Ctrl-C: what is done is reported as it would be, and it is said that there is more."""
    sinks.end(checked)
    count = len(checked.files)
    warn(f"interrupted after {count} file{'s'[: count != 1]}; the others were not checked")


def _on_stdin(paths: tuple[str, ...], given: dict[str, Any], limit: int) -> dict[str, bytes]:
    """What stands on standard input, by the name it is checked under, when it is asked for."""
    if "-" not in paths:
        return {}
    if given["fix"] or given["diff"]:
        raise UsageError("standard input ('-') cannot be repaired; name a file")
    return {given["stdin_filename"] or "-": piped(limit)}


def check_file(
    path: str,
    session: Session,
    baseline: Baseline | None = None,
    earlier: Earlier | None = None,
    *,
    suppressions: bool = True,
    settings: dict[str, Any] | None = None,
    within: Callable[[str], Limits] | None = None,
    held: Mapping[str, bytes] | None = None,
) -> Linted:
    """What the settings of ``session`` find in one file."""
    from archlint.api import load
    from archlint.linting import Context, lint
    from archlint.loaders import Limits

    bounds = within(path) if within is not None else Limits()

    def read(name: str, weights: Any) -> Model:
        return load(name, weights=weights, limits=bounds, data=held.get(name) if held else None)

    context = Context(
        read,
        session.catalogue,
        baseline.known(path) if baseline is not None else frozenset(),
        earlier.of(path) if earlier is not None else None,
        suppressions,
        settings or {},
    )
    with held_off(), memory_bounded(bounds.memory):
        return lint(path, session.plan(path), context)


def _timing(file: Linted) -> None:
    warn(f"{file.path}: {file.nodes} nodes, {len(file.ran)} rules, {file.seconds:.3f} s", "note")
    if file.skipped:
        warn(f"not run, weights are not read: {', '.join(r.code for r in file.skipped)}", "note")


def _statistics(checked: Checked, *, err: bool) -> None:
    counts = Counter((f.code, f.name) for f in checked.findings)
    for (code, name), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        rule = checked.catalogue.get(code)
        click.echo(f"{count:>6} {code} {name}{' [fixable]' if rule and rule.fixable else ''}", err=err)
