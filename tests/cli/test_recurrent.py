"""What is said of recurrent inputs on the command line: ranges, and calibration data."""

import json

import numpy as np
import onnx
import pytest

from tests.analyses.recurrent.cells import operator_model


@pytest.fixture
def cell(tmp_path):
    """One unit whose forget gate is closed for x in [-1, 1] and not for x in [-9, 9]."""
    weights = {"W": np.zeros((1, 4, 1)), "R": np.zeros((1, 4, 1)), "B": np.zeros((1, 8))}
    weights["W"][0, 2], weights["B"][0, 2] = 1.0, -5.0
    model = operator_model("LSTM", {k: w.astype(np.float32) for k, w in weights.items()})
    onnx.save(model, tmp_path / "cell.onnx")
    np.savez(tmp_path / "far.npz", X=np.full((50, 4, 1), 5.0, np.float32))
    np.savez(tmp_path / "near.npz", X=np.full((50, 4, 1), 0.5, np.float32))
    np.savez(tmp_path / "other.npz", foo=np.zeros(3))
    return "cell.onnx"


CLOSED = {
    "assumed": ((), True),
    "wide": (("--input-range=-9..9",), False),
    "named": (("--input-range", "X=-9..9"), False),
    "narrow": (("--input-range", "0..1"), True),
    "other-name": (("--input-range", "Z=-9..9"), True),
    "far-data": (("--calibration", "far.npz"), False),
    "near-data": (("--calibration", "near.npz"), True),
}


@pytest.mark.parametrize(("options", "closed"), CLOSED.values(), ids=CLOSED)
def test_check_judges_on_what_is_given(options, closed, cell, archlint):
    result = archlint(
        "check", "--isolated", "--no-cache", "-o", "jsonl", "--select", "RNN001", *options, cell
    )
    found = [row for row in map(json.loads, result.stdout.splitlines()) if row.get("code")]
    assert [row["code"] for row in found] == ["RNN001"] * closed


CONFIGURED = {
    "every cell": ("input-range = [-9, 9]", (), False),
    "by name": ("[input-ranges]\nX = [-9.5, 9]", (), False),
    "of some files": ("[[overrides]]\nfiles = ['cell.onnx']\ninput-range = [-9, 9]", (), False),
    "the command line wins": ("input-range = [-9, 9]", ("--input-range", "0..1"), True),
    "and adds names": ("input-range = [0, 1]", ("--input-range", "X=-9..9"), False),
}


@pytest.mark.parametrize(("text", "options", "closed"), CONFIGURED.values(), ids=CONFIGURED)
def test_ranges_of_the_configuration(text, options, closed, cell, archlint, tmp_path):
    (tmp_path / "archlint.toml").write_text(text)
    result = archlint("check", "--no-cache", "-o", "jsonl", "--select", "RNN001", *options, cell)
    found = [row for row in map(json.loads, result.stdout.splitlines()) if row.get("code")]
    assert [row["code"] for row in found] == ["RNN001"] * closed


@pytest.mark.parametrize("span", ["[1, 0]", "[0]", "['a', 1]", "[-inf, inf]", "[0, nan]", "3"])
def test_a_range_that_is_none(span, cell, archlint, tmp_path):
    (tmp_path / "archlint.toml").write_text(f"[input-ranges]\nX = {span}\n")
    result = archlint("check", "--no-cache", cell)
    assert result.exit_code == 2
    assert "'X' must be two numbers, [low, high]" in result.stderr


def test_a_range_that_is_given_is_no_assumption(cell, archlint):
    for options, source in CLOSED_SOURCES.items():
        result = archlint("report", "--isolated", "--format", "json", *options, cell)
        (told,) = json.loads(result.stdout)[0]["recurrent"]
        assert told["input_range"]["source"] == source, options


CLOSED_SOURCES = {
    (): "assumed",
    ("--input-range=-1..1",): "configured",
    ("--input-range", "X=-1..1"): "configured",
    ("--calibration", "near.npz"): "calibration",
}


def test_results_of_another_range_are_not_reused(cell, archlint):
    codes = []
    for options in ((), ("--input-range=-9..9",), ()):
        result = archlint("check", "--isolated", "-o", "jsonl", "--select", "RNN001", *options, cell)
        codes.append('"RNN001"' in result.stdout)
    assert codes == [True, False, True]


def test_data_that_does_not_fit_is_told(cell, archlint):
    report = archlint("report", "--isolated", "--calibration", "other.npz", cell)
    assert "not calibrated" in report.stderr
    assert "foo" in report.stderr
    check = archlint("check", "--isolated", "--calibration", "other.npz", cell)
    assert "was not measured on the calibration data" in " ".join(check.stdout.split())
    assert check.exit_code == archlint("check", "--isolated", cell).exit_code


@pytest.mark.parametrize("text", ["1..0", "a..b", "1", "X=1..0", "X="])
def test_ranges_that_make_no_sense_are_refused(text, cell, archlint):
    for command in ("check", "report"):
        result = archlint(command, "--isolated", "--input-range", text, cell)
        assert result.exit_code == 2
        assert "--input-range" in result.stderr


def test_calibration_that_is_no_npz_is_refused(cell, archlint, tmp_path):
    (tmp_path / "data.npz").write_text("no")
    for command in ("check", "report"):
        assert archlint(command, "--isolated", "--calibration", "data.npz", cell).exit_code == 2
