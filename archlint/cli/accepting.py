"""The baseline of a check: found, written, pruned, judged."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from archlint.cli.shared import warn
from archlint.errors import ConfigError
from archlint.reporting.safe import printable

if TYPE_CHECKING:
    from archlint.linting import Checked
    from archlint.linting.baseline import Baseline
    from archlint.linting.session import Session


def baseline_for(given: dict[str, Any], session: Session) -> Baseline | None:
    """The baseline of the run: the one named, else the one that stands here; an empty one to be written."""
    from archlint.linting.baseline import NAME, Baseline, read_baseline

    path = given["baseline"] or session.config.get("baseline")
    if path is None and (given["write_baseline"] or (os.path.exists(NAME) and not session.given.isolated)):
        path = NAME
    if given["write_baseline"] and not os.path.exists(path):
        return Baseline(path)
    return read_baseline(path) if path else None


def keep(baseline: Baseline, checked: Checked, given: dict[str, Any], *, aloud: bool) -> None:
    """Write, prune or judge the baseline after the run; ``aloud`` where people read the output."""
    gone = baseline.stale(checked.files)
    if given["write_baseline"]:
        if baseline.entries and checked.findings and not given["accept_new"]:
            count = len(checked.findings)
            text = f"baseline '{baseline.path}' would grow by {count} new finding{'s'[: count != 1]}"
            raise ConfigError(text, help="--accept-new accepts them")
        new = baseline.accept(checked.files)
        new.write()
        count = len(new.entries)
        entries = f"{count:,} {'entry' if count == 1 else 'entries'}"
        click.echo(f"wrote {printable(new.path)} ({entries})", err=not aloud)
        checked.files = [replace(f, fails=False, counts={}) for f in checked.files]
    elif gone and given["prune_baseline"]:
        for key in gone:
            del baseline.entries[key]
        baseline.write()
        warn(f"removed {len(gone)} entries from {baseline.path}", "note")
    elif gone:
        checked.stale = given["strict_baseline"]
        level = "error" if checked.stale else "note"
        warn(f"{len(gone)} findings of {baseline.path} are gone; --prune-baseline removes them", level)
