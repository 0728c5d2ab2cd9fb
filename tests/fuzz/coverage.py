"""Coverage-guided bytes through the loader and every rule: ``python tests/fuzz/coverage.py [CORPUS] [-runs=N]``.

Needs atheris. The first byte chooses how the rest is read: ONNX in binary form, as text, as JSON, as
YAML. An exception that is no `LoadError`, or a rule that crashes (INT001, INT002), is a find; libFuzzer
writes the bytes of it to ``crash-...``.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile

import atheris

with atheris.instrument_imports(include=["archlint"]):
    from archlint.api import LoadError, analyse
    from archlint.linting import Context, lint
    from archlint.linting.session import Given, Session
    from archlint.loaders import load
    from archlint.reporting.report_json import report

SUFFIXES = (".onnx", ".onnx", ".onnx", ".onnxtxt", ".onnxjson", ".textproto", ".arch.yaml", ".arch.yaml")
CRASHES = frozenset({"INT001", "INT002"})


class Harness:
    """One session for all runs."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.session = Session(Given(isolated=True))

    def __call__(self, data: bytes) -> None:
        if not data:
            return
        path = os.path.join(self.folder, f"m{SUFFIXES[data[0] % len(SUFFIXES)]}")
        with open(path, "wb") as file:
            file.write(data[1:])
        found = lint(
            path, self.session.plan(path), Context(lambda name, _weights: load(name), self.session.catalogue)
        )
        crashed = [f.message for f in found.findings if f.code in CRASHES]
        if crashed:
            raise RuntimeError("\n".join([*crashed, *found.tracebacks]))
        with contextlib.suppress(LoadError):
            report(analyse(path))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        atheris.Setup(sys.argv, Harness(folder))
        atheris.Fuzz()
