"""What somebody sees in the first hour: the transcripts of the usual commands."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import archlint as package

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture
def models(tmp_path) -> Path:
    (tmp_path / "models").mkdir()
    for name in ("conv1x1", "lstm_saturated", "wrong_channels"):
        shutil.copy(FIXTURES / f"{name}.onnx", tmp_path / "models")
    return tmp_path


def test_the_version(archlint) -> None:
    said = f"archlint {package.__version__} (onnx {version('onnx')}, python {platform.python_version()})\n"
    assert archlint("--version").stdout == said


def test_alone_it_shows_three_examples_in_a_dozen_lines(archlint) -> None:
    result = archlint()
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert len(lines) <= 15
    assert sum(line.startswith("  archlint ") for line in lines) == 3
    assert all(len(line) <= 100 for line in lines)


def test_the_first_row_of_a_report(archlint, models) -> None:
    result = archlint("report", "models/conv1x1.onnx")
    row = next(line for line in result.stdout.splitlines() if line.startswith(" 1 "))
    assert row.split() == [
        *("1", "conv", "Conv", "[1,", "128,", "27,", "27]"),
        *("65,536", "47,775,744", "47,775,744", "47,682,432", "100.0"),
    ]


def test_a_check_ends_with_where_to_read_on(archlint, models) -> None:
    result = archlint("check", "models/")
    assert result.exit_code == 1
    *_, verdict, last = result.stdout.splitlines()
    assert verdict == "Found 5 problems (1 error, 3 warnings, 1 info) in 3 of 3 models."
    assert last == "help: archlint rule SHP010 explains"
    assert archlint("rule", "SHP010").exit_code == 0


def test_the_inverse_question(archlint) -> None:
    assert archlint("solve", "--conv", "k=7,s=3,p=0", "--output", "16").stdout == (
        "input 52, 53, 54   because floor((n + 2*0 - 7)/3) + 1 = 16  <=>  52 <= n <= 54\n"
        "  every row is read at 52\n"
    )


def test_a_project_from_nothing_to_a_passing_check(archlint, models) -> None:
    result = archlint("init", "--hook", "--ci", "github")
    assert result.stdout == (
        "wrote archlint.toml                 (default rules, budgets measured from 3 models + 10 %)\n"
        "wrote .pre-commit-config.yaml       (1 hook)          next: pre-commit install\n"
        "wrote .github/workflows/archlint.yml\n"
        "5 existing findings: run 'archlint check --write-baseline' to accept them and fail only on new ones\n"
    )
    assert archlint("config", "validate").exit_code == 0
    accepted = archlint("check", "--write-baseline")
    assert (accepted.exit_code, accepted.stdout) == (0, "wrote .archlint-baseline.json (5 entries)\n")
    passed = archlint("check")
    assert (passed.exit_code, passed.stdout) == (0, "All 3 models passed (5 baselined).\n")
    assert archlint("check", "--isolated").exit_code == 1


def test_budgets_that_init_measures_hold_today_and_not_after_growth(archlint, models, write) -> None:
    write("models/wide.onnx", "w (float[1,4] x, float[4,9] w) => (y) { y = MatMul (x, w) }")
    for name in ("conv1x1", "lstm_saturated", "wrong_channels"):
        (models / f"models/{name}.onnx").unlink()
    archlint("init")
    text = (models / "archlint.toml").read_text()
    assert "\nmult = 40\n" in text
    assert archlint("check", "--select", "BUD").exit_code == 0
    write("models/wide.onnx", "w (float[1,4] x, float[4,12] w) => (y) { y = MatMul (x, w) }")
    result = archlint("check", "--select", "BUD", "-o", "concise")
    assert (result.exit_code, "BUD006" in result.stdout) == (1, True)


FORMATS_OF_MANY = ("full", "json", "sarif")


@pytest.mark.parametrize("command", [*FORMATS_OF_MANY, "report"])
def test_a_reader_that_goes_ends_the_run_without_a_word(tmp_path, write, command) -> None:
    nodes = " ".join(f"d{i} = Relu (x)" for i in range(1500))
    write("many.onnx", f"g (float[1,4] x) => (float[1,4] y) {{ {nodes} y = Sigmoid (x) }}")
    arguments = ["report", "--all"] if command == "report" else ["check", "--no-cache", "-o", command]
    run = subprocess.Popen(
        [sys.executable, "-m", "archlint", *arguments, "many.onnx"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stdout is not None
    assert run.stdout.readline()
    run.stdout.close()
    assert run.stderr is not None
    assert run.stderr.read() == b""
    assert run.wait() == 0


def test_lines_are_folded_for_a_terminal_alone(archlint, tmp_path, monkeypatch) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 1\n"
    (tmp_path / "a.onnx").write_text(pointer)
    sentence = "run 'git lfs pull --include=a.onnx'; in GitHub Actions use actions/checkout with lfs: true\n"
    assert sentence not in archlint("check", "a.onnx").stdout
    monkeypatch.delenv("COLUMNS")
    assert sentence in archlint("check", "a.onnx").stdout
    archlint("check", "a.onnx", "-o", "full=out.txt")
    assert sentence in (tmp_path / "out.txt").read_text()


@pytest.mark.parametrize(
    ("arguments", "variables", "painted"),
    [
        pytest.param([], {}, False, id="pipe"),
        pytest.param([], {"FORCE_COLOR": "1"}, True, id="FORCE_COLOR"),
        pytest.param([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, id="NO_COLOR"),
        pytest.param(["--color", "always"], {"NO_COLOR": "1"}, True, id="--color"),
    ],
)
def test_colours_of_a_report(archlint, models, monkeypatch, arguments, variables, painted) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert ("\x1b[" in archlint("report", "models/conv1x1.onnx", *arguments).stdout) == painted
