"""The files that the arguments of a check mean."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from archlint.cli.shared import warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archlint.linting import Checked
    from archlint.linting.session import Session

MODELS = frozenset({".onnx", ".onnxtxt", ".onnxtext", ".onnxjson", ".yaml", ".yml", ".mlpackage"})


def named_files(
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
                    session.plan(
                        file
                    )  # what is wrong with its settings ends the run, here and not in a worker
                    yield file
            if not found and os.path.splitext(os.path.normpath(path))[1] in MODELS:
                yield path  # a folder where a model should be is told like anything else in its place
            elif not found and not quiet:
                warn(f"no model files under '{path}'; looked for *.onnx, *.arch.yaml (see include)")
        elif path == "-":
            yield path
        elif not os.path.lexists(path):
            checked.missing.append(path)
            warn(f"no such file: {path}", "error")
        elif path not in seen and not (force and session.excluded(path)):
            seen.add(path)
            session.plan(path)
            yield path
