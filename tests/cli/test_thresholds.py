"""What makes a run fail, and what of it is shown: two questions with an answer each."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import BAD, DEAD, GOOD

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d7a2146" * 8 + b"\nsize 97821234\n"


@pytest.fixture
def models(write, tmp_path):
    write("good.onnx", GOOD)
    write("bad.onnx", BAD)
    write("one.onnx", DEAD)
    write("two.onnx", DEAD.replace("[kept]", "[more] q = Abs (x) [kept]"))
    (tmp_path / "pointer.onnx").write_bytes(POINTER)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        pytest.param(["one.onnx", "--max-warnings", "0"], 1, id="one of none"),
        pytest.param(["one.onnx", "--max-warnings", "1"], 0, id="one of one"),
        pytest.param(["one.onnx", "two.onnx", "--max-warnings", "2"], 1, id="three of two"),
        pytest.param(["one.onnx", "two.onnx", "--max-warnings", "3"], 0, id="three of three"),
        pytest.param(["bad.onnx", "--max-warnings", "99"], 1, id="an error is no warning"),
        pytest.param(["two.onnx", "--max-warnings", "1", "--fail-on", "error"], 1, id="limit beats fail-on"),
        pytest.param(["two.onnx", "--max-warnings", "9", "--fail-on", "info"], 0, id="nothing else there"),
        pytest.param(["two.onnx", "--max-warnings", "1", "--exit-zero"], 0, id="exit zero"),
        pytest.param(["two.onnx", "--max-warnings", "1", "--min-severity", "error"], 1, id="hidden counts"),
        pytest.param(["two.onnx", "--max-warnings", "-1"], 2, id="negative"),
    ],
)
def test_max_warnings(archlint, models, arguments, status) -> None:
    result = archlint("check", "--select", "GRF,SHP", *arguments)
    assert result.exit_code == status, result.output


def test_max_warnings_of_the_configuration(archlint, models) -> None:
    (models / "archlint.toml").write_text("max-warnings = 1")
    assert archlint("check", "one.onnx").exit_code == 0
    assert archlint("check", "two.onnx").exit_code == 1
    assert archlint("check", "two.onnx", "--max-warnings", "2").exit_code == 0


def test_what_is_not_shown_fails_all_the_same_and_is_told(archlint, models) -> None:
    result = archlint("check", "one.onnx", "--min-severity", "error")
    assert result.exit_code == 1
    assert result.stdout == "Nothing to show, but the run fails: 1 below --min-severity not shown.\n"
    result = archlint("check", "bad.onnx", "one.onnx", "--min-severity", "error", "--select", "GRF,SHP")
    assert "Found 1 problem (1 error) in 1 of 2 models. 1 below --min-severity not shown." in result.stdout
    result = archlint("check", "one.onnx", "--min-severity", "error", "--fail-on", "error")
    assert (result.exit_code, "1 model passed (1 below --min-severity not shown)." in result.stdout) == (
        0,
        True,
    )
    summary = json.loads(archlint("check", "one.onnx", "--min-severity", "error", "-o", "json").stdout)[
        "summary"
    ]
    assert (summary["findings"], summary["hidden"], summary["status"]) == (0, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "config", "status", "said"),
    [
        pytest.param([], "", 1, "IO001 error", id="error"),
        pytest.param(["--lfs", "warn", "--fail-on", "error"], "", 0, "IO001 warning", id="warn"),
        pytest.param(["--lfs", "skip"], "", 0, "(1 Git LFS pointer passed over).", id="skip"),
        pytest.param([], 'lfs = "skip"', 0, "(1 Git LFS pointer passed over).", id="configured"),
        pytest.param(["--lfs", "error"], 'lfs = "skip"', 1, "IO001 error", id="command line wins"),
        pytest.param(
            ["--lfs", "warn"], '[severity]\nIO001 = "info"', 0, "IO001 info", id="a severity of its own"
        ),
        pytest.param(
            [], '[[overrides]]\nfiles = ["point*"]\nlfs = "skip"', 0, "passed over", id="for some files"
        ),
    ],
)
def test_lfs_pointers(archlint, models, arguments, config, status, said) -> None:
    (models / "archlint.toml").write_text(config)
    result = archlint("check", "pointer.onnx", "-o", "concise", *arguments)
    assert (result.exit_code, said in result.stdout) == (status, True), result.output


def test_pedantic_runs_what_is_off_by_default(archlint, models) -> None:
    def ran(*arguments: str) -> set[str]:
        archlint("check", "good.onnx", "-o", "sarif=out.sarif", *arguments)
        (only,) = json.loads((models / "out.sarif").read_text())["runs"]
        return {rule["id"] for rule in only["tool"]["driver"]["rules"]}

    plain, pedantic = ran(), ran("--pedantic")
    assert plain < pedantic
    assert len(pedantic - plain) >= 10
    assert ran("--pedantic", "--ignore", "SEC") < pedantic
    assert all(code.startswith("GRF") for code in ran("--pedantic", "--select", "GRF"))
    (models / "archlint.toml").write_text("pedantic = true")
    assert ran() == pedantic


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("onnxruntime-1.2", "PRT002"),
        ("onnxruntime-1.20", None),
        ("onnxruntim-1.20", "PRT020"),
        ("onnxruntime-9.9", None),
    ],
)
def test_targets(archlint, models, target, code) -> None:
    result = archlint("check", "good.onnx", "--target", target, "-o", "concise")
    assert result.exit_code == (1 if code else 0)
    assert (code or ("PRT020 info" if "9.9" in target else "passed")) in result.stdout


def test_a_target_newer_than_the_table_is_not_judged_by_an_old_row(archlint, write) -> None:
    write("gelu.onnx", "g (float[1, 4] x) => (float[1, 4] y) { y = NonZero (x) }")
    old = archlint("check", "gelu.onnx", "--target", "tensorrt-8.4", "-o", "concise").stdout
    new = archlint("check", "gelu.onnx", "--target", "tensorrt-10", "-o", "concise").stdout
    assert ("PRT008" in old, "PRT008" in new) == (True, False)
    assert "'tensorrt-10' is not checked: the table ends with version 8.4" in new


def test_targets_of_the_command_line_win(archlint, models) -> None:
    (models / "archlint.toml").write_text('targets = ["onnxruntime-1.2"]')
    assert archlint("check", "good.onnx").exit_code == 1
    assert archlint("check", "good.onnx", "--target", "onnxruntime-1.20").exit_code == 0


def test_sarif_has_what_is_accepted_only_if_asked(archlint, models) -> None:
    archlint("check", "one.onnx", "--write-baseline")
    for option, count in ([], 0), (["--show-suppressed"], 1):
        archlint(
            "check", "one.onnx", "--baseline", ".archlint-baseline.json", "-o", "sarif=out.sarif", *option
        )
        (only,) = json.loads((models / "out.sarif").read_text())["runs"]
        assert [r["baselineState"] for r in only["results"]] == ["unchanged"] * count
