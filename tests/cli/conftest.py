"""Small models in a folder, and a command line run in the same process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
import pytest
from click.testing import CliRunner
from onnx import parser

from archlint.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

HEADER = '<ir_version: 10, opset_import: ["": 17]>\n'
GOOD = "good (float[1, 3, 8, 8] x, float[4, 3, 1, 1] w) => (float[1, 4, 8, 8] y) { y = Conv (x, w) }"
BAD = "bad (float[N, 256, 25, 25] x, float[128, 512, 1, 1] w) => (y) { [conv1] y = Conv (x, w) }"
DEAD = "dead (float[1, 4] x) => (float[1, 4] y) { [lost] z = Sigmoid (x) [kept] y = Relu (x) }"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Writes a model given as ONNX text; returns its path."""

    def save(name: str, text: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(parser.parse_model(HEADER + text), str(path))
        return str(path)

    return save


@pytest.fixture
def archlint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command line in ``tmp_path``."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "ARCHLINT_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))

    return run
