"""``archlint report``: shapes, exact counts and recurrent gates of every model named."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from archlint.cli.bounds import TimeoutExceeded, memory_bounded, time_bounded
from archlint.cli.garbage import held_off
from archlint.cli.help import Helpful
from archlint.cli.limits import BOUNDS, limited, limits, timeout
from archlint.cli.options import measured, parse_dims, parse_measured, parse_shapes, sizes
from archlint.cli.shared import given_globally, piped, shared, warn
from archlint.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Callable

    from archlint.analyses import Analysis
    from archlint.loaders.options import Limits

SORTS = ("order", "macs", "mults", "adds", "params")


@click.command(
    "report",
    cls=Helpful,
    short_help="Shapes, exact counts and gates, layer by layer.",
    sections={"Models": ("dims", "shapes", "input_range", "assumed", "calibration", "weights"), **BOUNDS},
    examples=(
        ("archlint report m.onnx --dim N=8", "with eight samples at once"),
        ("archlint report m.onnx --sort macs --top 10", "the ten most expensive layers"),
    ),
)
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "jsonl"]),
    default="table",
    metavar="FORMAT",
    help="table (default), json or jsonl.",
)
@click.option(
    "--sort",
    type=click.Choice(SORTS),
    default="order",
    metavar="BY",
    help=f"Order of the rows: {', '.join(SORTS)}.",
)
@click.option("--top", type=click.IntRange(1), metavar="N", help="Only the first N rows of the table.")
@click.option("--all", "everything", is_flag=True, help="Layers without arithmetic too.")
@sizes
@measured
@limited
@click.option(
    "--weights",
    type=click.Choice(["auto", "all", "none"]),
    default="auto",
    metavar="HOW",
    help="Weight data that may be read: auto (all up to 256 MiB, samples above), all or none.",
)
@shared
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[str, ...], **given: Any) -> None:
    """Show the shapes, multiplications, additions and parameters of models, layer by layer."""
    from archlint.linting.session import Session

    bounds = Session(given_globally(ctx.obj)).config.get("limits", {})
    chosen = limits(given, bounds)
    examine = _examiner(given, chosen)
    write = _Writer(given, timeout(given, bounds), debug=bool(ctx.obj.get("debug")))
    for path in paths:
        with held_off(), memory_bounded(chosen.memory):
            write.one(path, examine)
    write.end()
    ctx.exit(2 if write.failed else 0)


def _examiner(given: dict[str, Any], chosen: Limits) -> Callable[[str], Analysis]:
    """What turns a path into its analyses, with the options of the command line checked once."""
    from archlint.api import analyse, load

    pinned, ranges = parse_dims(given["dims"])
    settings: dict[str, Any] = {"dims": {**pinned, **ranges}, "shapes": parse_shapes(given["shapes"])}
    settings |= parse_measured(given)

    def examine(path: str) -> Analysis:
        model = load(path, weights=given["weights"], limits=chosen, data=_data(path, chosen))
        analysis = analyse(model, **settings)
        if given["calibration"] and (problem := analysis.recurrent.calibration_problem) is not None:
            warn(f"{path}: not calibrated: {problem}")
        return analysis

    return examine


def _data(path: str, chosen: Limits) -> bytes | None:
    """Standard input for the path ``-``."""
    return piped(chosen.structure_bytes) if path == "-" else None


class _Writer:
    """Writes the report of one model after the other; a model that fails costs its own place alone."""

    def __init__(self, given: dict[str, Any], seconds: float, *, debug: bool) -> None:
        self.seconds = seconds
        self.style = given["style"]
        self.given = given
        self.debug = debug
        self.failed = False
        self.rows: list[dict[str, Any]] = []
        self.started = False

    def one(self, path: str, examine: Callable[[str], Analysis]) -> None:
        """The report of one file."""
        from archlint.errors import ArchlintError, out_of_memory

        try:
            with time_bounded(self.seconds):
                self._show(examine(path)) if self.style == "table" else self._row(examine(path))
        except LoadError as error:
            self._refused(path, error)
        except MemoryError:
            self._refused(path, out_of_memory())
        except TimeoutExceeded:
            text = f"not done after {self.seconds:g} s; this file was not analysed"
            self._refused(path, LoadError("IO010", text, help="--timeout allows more"))
        except (ArchlintError, OSError):
            raise
        except (Exception, RecursionError) as error:
            if self.debug:
                raise
            text = f"archlint failed on this model: {type(error).__name__}: {error}"
            self._refused(path, LoadError("INT002", text, help="--debug shows where; please report it"))

    def end(self) -> None:
        """What can only be written when every model has been seen."""
        if self.style == "json":
            click.echo(json.dumps(self.rows, indent=1))

    def _show(self, analysis: Analysis) -> None:
        from archlint.cli.console import stdout
        from archlint.reporting.report_table import View, show

        if self.started:
            click.echo()
        self.started = True
        view = View(self.given["sort"], self.given["top"], self.given["everything"])
        ctx = click.get_current_context()
        show(analysis, stdout(ctx.obj.get("color", "auto")), view)

    def _row(self, analysis: Analysis) -> None:
        from archlint.reporting.report_json import report

        self._write(report(analysis))

    def _write(self, row: dict[str, Any]) -> None:
        if self.style == "json":
            self.rows.append(row)
        else:
            click.echo(json.dumps(row))
            sys.stdout.flush()

    def _refused(self, path: str, error: LoadError) -> None:
        from archlint.cli.console import told
        from archlint.reporting.report_json import unreadable

        self.failed = True
        if self.style == "table":
            told(path, error)
        else:
            self._write(unreadable(path, error))
