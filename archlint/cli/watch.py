"""``archlint check --watch``: the check again whenever a model or the configuration changes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archlint.linting.session import Session

INTERVAL = 0.5
"""Seconds between two looks at the files."""

State = dict[str, tuple[int, int]]


def watch(
    arguments: Sequence[str], paths: Sequence[str], session: Session, *, rounds: int | None = None
) -> None:
    """Run the command line ``arguments`` now and after every change below ``paths``, until Ctrl-C.

    Each round is a process of its own, so that changed rules are read anew. ``rounds`` ends after so
    many.
    """
    command = [sys.executable, "-m", "archlint", *(a for a in arguments if a != "--watch")]
    while rounds is None or rounds > 0:
        seen = state(paths, session)
        if sys.stdout.isatty():
            click.clear()
        sys.stdout.flush()
        subprocess.run(command, check=False)  # noqa: S603 - the command line that the user gave
        rounds = None if rounds is None else rounds - 1
        if rounds == 0:
            return
        click.echo(f"note: watching {len(seen)} files; Ctrl-C ends", err=True)
        while state(paths, session) == seen:
            time.sleep(INTERVAL)


def state(paths: Iterable[str], session: Session) -> State:
    """Size and time of every file that the check depends on."""
    found: State = {}
    for path in _files(paths, session):
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            continue
        found[path] = status.st_size, status.st_mtime_ns
    return found


def _files(paths: Iterable[str], session: Session) -> Iterator[str]:
    from archlint.linting.discover import discover

    for path in paths:
        models = discover(path, session.include) if os.path.isdir(path) else [path]
        for model in models:
            yield model
            yield from _beside(model)
    config = session.config
    yield from filter(None, [config.path])
    for local in config.get("local-rules", ()):
        yield local
        if os.path.isdir(local):
            yield from (entry.path for entry in os.scandir(local) if entry.name.endswith(".py"))


def _beside(model: str) -> Iterator[str]:
    """Files that are named after the model, as its external data are."""
    folder, name = os.path.split(model)
    try:
        entries = os.listdir(folder or ".")
    except OSError:
        return
    stem = name.partition(".")[0]
    yield from (os.path.join(folder, e) for e in entries if e.startswith(stem) and e != name)
