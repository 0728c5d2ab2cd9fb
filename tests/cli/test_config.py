"""Configuration: where it is found, what it says, what is wrong with it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.cli.conftest import BAD, DEAD, GOOD


@pytest.fixture
def project(write, tmp_path):
    """A repository with models, and a function that writes a file of it."""
    (tmp_path / ".git").mkdir()
    write("bad.onnx", BAD)
    write("dead.onnx", DEAD)
    write("old/dead.onnx", DEAD)
    write("good.onnx", GOOD)

    def text(name: str, contents: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents)

    return text


@pytest.mark.parametrize(
    ("config", "arguments", "codes"),
    [
        pytest.param('ignore = ["GRF"]', ["dead.onnx"], [], id="ignore"),
        pytest.param('ignore = ["GRF"]', ["dead.onnx", "--select", "GRF007"], ["GRF007"], id="cli select"),
        pytest.param('select = ["SHP"]', ["dead.onnx", "bad.onnx"], ["SHP010"], id="select"),
        pytest.param('select = ["GRF007"]', ["dead.onnx", "--ignore", "GRF"], [], id="cli ignore"),
        pytest.param('ignore = ["ALL"]\nextend-select = ["GRF007"]', ["dead.onnx"], ["GRF007"], id="rank"),
        pytest.param(
            '[[overrides]]\nfiles = ["old/**"]\nignore = ["GRF"]',
            ["dead.onnx", "old/dead.onnx"],
            ["GRF007"],
            id="override by file",
        ),
        pytest.param(
            '[[overrides]]\nfiles = ["old/**"]\nextend-select = ["GRF007"]\n[[overrides]]\nfiles = ["*"]\n'
            'ignore = ["GRF007"]',
            ["dead.onnx", "old/dead.onnx"],
            [],
            id="later override wins",
        ),
        pytest.param('[[overrides]]\nnodes = ["lo*"]\nignore = ["GRF"]', ["dead.onnx"], [], id="by node"),
        pytest.param(
            '[[overrides]]\nnodes = ["kept"]\nignore = ["GRF"]', ["dead.onnx"], ["GRF007"], id="other node"
        ),
        pytest.param('exclude = ["old/"]\nselect = ["GRF"]', ["."], ["GRF007"], id="exclude"),
        pytest.param('exclude = ["old/"]', ["old/dead.onnx"], ["GRF007"], id="exclude, but named"),
        pytest.param('exclude = ["old/"]', ["old/dead.onnx", "--force-exclude"], [], id="force exclude"),
        pytest.param("[budget]\nmacs = 200", ["good.onnx"], ["BUD001"], id="budget"),
        pytest.param('[budget]\nmacs = "0.2K"', ["good.onnx"], ["BUD001"], id="budget with unit"),
        pytest.param('[budget]\nmacs = "1G"', ["good.onnx"], [], id="within budget"),
        pytest.param("rules.mac-budget.limit = 200", ["good.onnx"], ["BUD001"], id="option by name"),
        pytest.param(
            "", ["good.onnx", "--config", "rules.BUD001.limit=200"], ["BUD001"], id="on the command line"
        ),
        pytest.param(
            'select = ["SHP"]\n[budget]\nmacs = 200', ["good.onnx"], ["BUD001"], id="budget is a wish"
        ),
    ],
)
def test_what_is_found(archlint, project, config, arguments, codes) -> None:
    project("archlint.toml", config)
    result = archlint("check", "--output", "concise", *arguments)
    assert result.exit_code == (1 if codes else 0), result.output
    assert re.findall(r"([A-Z]+\d{3}) (?:warning|error) ", result.stdout) == codes


def test_severity(archlint, project) -> None:
    project("archlint.toml", '[severity]\nGRF = "info"\nGRF007 = "error"')
    assert "GRF007 error" in archlint("check", "dead.onnx", "--output", "concise").stdout
    project("archlint.toml", '[severity]\nGRF = "info"')
    result = archlint("check", "dead.onnx", "--output", "concise")
    assert (result.exit_code, "GRF007 info" in result.stdout) == (0, True)
    assert "GRF007" not in archlint("check", "dead.onnx", "--min-severity", "warning").stdout


def test_nearest_file_wins_and_extends(archlint, project) -> None:
    project("archlint.toml", 'ignore = ["GRF"]\nfail-on = "error"')
    assert archlint("check", "dead.onnx", "old/dead.onnx").exit_code == 0
    project("old/archlint.toml", 'select = ["GRF"]')
    assert archlint("check", "old/dead.onnx").exit_code == 1
    assert archlint("check", "old/dead.onnx", "--isolated").exit_code == 1
    project("old/archlint.toml", 'extends = "../archlint.toml"\nselect = ["GRF"]\nignore = []')
    result = archlint("check", "old/dead.onnx", "--output", "concise")
    assert (result.exit_code, "GRF007 warning" in result.stdout) == (0, True)
    got = archlint("config", "get", "fail-on", "--for", "old/dead.onnx").stdout
    assert got.split() == ['"error"', "#", "archlint.toml:2"]


def test_pyproject_only_with_its_table(archlint, project) -> None:
    project("archlint.toml", 'ignore = ["GRF"]')
    project("old/pyproject.toml", "[tool.ruff]\n")
    assert archlint("config", "path", "old/dead.onnx").stdout.strip().endswith("archlint.toml")
    project("old/pyproject.toml", '[tool.ruff]\n\n[tool.archlint]\nfail-on = "error"\n')
    assert archlint("config", "path", "old/dead.onnx").stdout.strip().endswith("pyproject.toml")
    assert '"error"    # old/pyproject.toml:4' in archlint("config", "get", "fail-on", "--for", "old/").stdout


def test_command_line_setting_and_file(archlint, project) -> None:
    project("strict.toml", 'fail-on = "info"')
    assert '"info"' in archlint("config", "get", "fail-on", "--config", "strict.toml").stdout
    assert '"error"    # --config' in archlint("config", "get", "fail-on", "--config", "fail-on=error").stdout
    assert archlint("config", "get", "fail-on").stdout == '"warning"    # default\n'
    assert archlint("config", "get", "rules.BUD001.limit").stdout == "none    # default\n"
    assert "fail-on" in archlint("config", "show", "--config", "strict.toml").stdout
    assert archlint("config", "validate").exit_code == 0


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        pytest.param(
            "pyproject.toml",
            '[project]\nname = "x"\n\n[tool.archlint]\ningore = ["SHP"]\n',
            "pyproject.toml:5: [tool.archlint] unknown key 'ingore' (did you mean 'ignore'?)",
            id="unknown key",
        ),
        pytest.param("archlint.toml", "x = [", "archlint.toml:1: Invalid value at the end", id="no TOML"),
        pytest.param(
            "archlint.toml", "a = 1\nb = = 2", "archlint.toml:2:5: Invalid value", id="TOML, line 2"
        ),
        pytest.param(
            "archlint.toml", "[rule.RNN001]\nx = 1", "archlint.toml:1: unknown key 'rule' (did", id="table"
        ),
        pytest.param("archlint.toml", "\n[rules.CNV05]\nx = 1", "CNV05", id="options of no rule"),
        pytest.param(
            "archlint.toml",
            '[[overrides]]\nfiles = ["*"]\nignor = ["SHP"]',
            "archlint.toml:3: [overrides] unknown key 'ignor' (did you mean 'ignore'?)",
            id="override key",
        ),
        pytest.param(
            "archlint.toml",
            '[[overrides]]\nnodes = ["*"]\nselect = ["SHP"]',
            "archlint.toml:3: [overrides] 'select' cannot be set for single nodes",
            id="override for nodes",
        ),
        pytest.param(
            "archlint.toml",
            '[budget]\nmult-increase = "2 percent"',
            "archlint.toml:2: [budget] 'mult-increase' must be a percentage such as '2%'",
            id="growth",
        ),
        pytest.param(
            "archlint.toml", 'lfs = "no"', "archlint.toml:1: 'lfs' must be error, warn or", id="lfs"
        ),
        pytest.param(
            "archlint.toml", "max-warnings = -1", "archlint.toml:1: 'max-warnings' must be a", id="max"
        ),
        pytest.param(
            "archlint.toml",
            "[dims]\nH = { min = 3, max = 2 }",
            "archlint.toml:2: [dims] 'H' must be a size, or a range",
            id="empty range",
        ),
        pytest.param("archlint.toml", "shapes = {x = [true]}", "[shapes] 'x' must be a list", id="shape"),
        pytest.param("archlint.toml", 'extends = "pkg:nope/x.toml"', "No module named 'nope'", id="package"),
        pytest.param(
            "archlint.toml", 'required-version = "new"', "archlint.toml:1: required-version 'new'", id="form"
        ),
        pytest.param(
            "archlint.toml", '\nselect = "SHP"', "archlint.toml:2: 'select' must be a list", id="type"
        ),
        pytest.param(
            "archlint.toml",
            'output = ["sarrif=a.sarif"]',
            "archlint.toml:1: 'output': no output format 'sarrif'",
            id="format",
        ),
        pytest.param(
            "archlint.toml",
            'output = ["full", "json"]',
            "archlint.toml:1: 'output': several formats for the terminal (full, json)",
            id="two formats for the terminal",
        ),
        pytest.param(
            "archlint.toml",
            'select = ["SHQ"]',
            "archlint.toml: select SHQ: no such rule or prefix. did you mean SHP?",
            id="code",
        ),
        pytest.param(
            "archlint.toml", '[severity]\nSHP = "fatal"', "archlint.toml:2: [severity] 'SHP'", id="level"
        ),
        pytest.param(
            "archlint.toml",
            "[rules.BUD001]\nlimt = 3",
            "no option 'limt'\nhelp: did you mean 'limit'?",
            id="option",
        ),
        pytest.param(
            "archlint.toml",
            '[rules.BUD001]\nlimit = "x"',
            "option 'limit' of BUD001 must be",
            id="option type",
        ),
        pytest.param(
            "archlint.toml", "[budget]\nmacz = 1", "[budget] unknown key 'macz' (did you mean", id="budget"
        ),
        pytest.param("archlint.toml", '[budget]\nmacs = "many"', "[budget] macs: option", id="budget value"),
        pytest.param("archlint.toml", 'extends = "archlint.toml"', "goes in a circle", id="circle"),
        pytest.param(
            "archlint.toml",
            'extends = "none.toml"',
            "archlint.toml:1: extends 'none.toml': no such file",
            id="extends nothing",
        ),
        pytest.param("archlint.toml", 'required-version = ">=99"', ">=99 is required", id="version"),
        pytest.param(
            "archlint.toml", '[[overrides]]\nignore = ["SHP"]', "needs 'files' or 'nodes'", id="override"
        ),
        pytest.param(
            "archlint.toml", "[dims]\nN = -1", "archlint.toml:2: [dims] 'N' must be a size", id="dims"
        ),
        pytest.param("archlint.toml", "a = " + "[" * 5000, "archlint.toml", id="deep"),
    ],
)
def test_what_is_wrong_is_told(archlint, project, name, text, message) -> None:
    project(name, text)
    result = archlint("check", "good.onnx")
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


LOCAL = '''"""Local rules."""
from archlint.api import Findings, Node, rule


@rule("LOC001", on="Conv")
def any_convolution(conv: Node, *, loud: bool = False) -> Findings:
    """A convolution."""
    yield "no convolutions here" + ("!" if loud else "")
'''


def test_local_rules(archlint, project, monkeypatch) -> None:
    project("tools/rules.py", LOCAL)
    project("archlint.toml", 'local-rules = ["tools/rules.py"]\n[rules.LOC001]\nloud = true')
    assert (
        "LOC001 warning no convolutions here!" in archlint("check", "good.onnx", "--output", "concise").stdout
    )
    assert "LOC001" in archlint("rule").stdout
    assert archlint("check", "good.onnx", "--isolated").exit_code == 0
    monkeypatch.setenv("ARCHLINT_NO_LOCAL_RULES", "1")
    project("archlint.toml", 'local-rules = ["tools/rules.py"]')
    result = archlint("check", "good.onnx")
    assert (result.exit_code, "are not run" in result.stderr) == (0, True)


def test_local_rules_of_a_foreign_folder_are_not_run(archlint, project, tmp_path, monkeypatch) -> None:
    project("elsewhere/rules.py", "raise SystemExit('ran')")
    project("elsewhere/archlint.toml", 'local-rules = ["rules.py"]')
    project("elsewhere/.git/x", "")
    (tmp_path / "good.onnx").rename(tmp_path / "elsewhere/good.onnx")
    project("mine/.git/x", "")
    monkeypatch.chdir(tmp_path / "mine")
    result = archlint("check", "../elsewhere/good.onnx")
    assert result.exit_code == 0, result.output
    assert "are not run" in result.stderr


def test_output_from_the_configuration(archlint, project) -> None:
    project("archlint.toml", 'output = ["concise", "jsonl=out/all.jsonl"]')
    result = archlint("check", "bad.onnx")
    assert result.stdout.startswith("bad.onnx: node 'conv1'")


BELOW = "[rules.BUD001]\\nlimt = 3", "select = ['SHQ']", "[rules.NONE01]", "fail-on = 'warn'", "x = ["


@pytest.mark.parametrize("text", BELOW)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_settings_of_a_folder_below_are_judged_before_its_models(project, tmp_path, text, jobs) -> None:
    """In processes of their own: what is wrong must end the run, not a worker."""
    project("old/archlint.toml", text.replace("\\n", "\n"))
    done = subprocess.run(
        [sys.executable, "-m", "archlint", "check", ".", "--jobs", jobs, "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "old/archlint.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_range_of_sizes(archlint, project) -> None:
    project("archlint.toml", "[dims]\nN = { min = 2, max = 8 }")
    assert "2" in archlint("config", "show", "bad.onnx").stdout
    assert archlint("check", "bad.onnx").exit_code == 1


def test_extends_a_chain(archlint, project) -> None:
    project("a.toml", 'fail-on = "info"\nignore = ["GRF"]')
    project("b.toml", 'extends = "a.toml"\nlfs = "skip"')
    project("c.toml", '[severity]\nGRF = "info"')
    project("archlint.toml", 'extends = ["b.toml", "c.toml"]\nlfs = "warn"')
    shown = archlint("config", "show").stdout
    for line in (
        'fail-on = "info"    # a.toml:1',
        'lfs = "warn"    # archlint.toml:2',
        'severity.GRF = "info"    # c.toml:2',
    ):
        assert line in shown
    project("a.toml", 'extends = "archlint.toml"')
    result = archlint("config", "show")
    assert result.exit_code == 2
    assert "archlint.toml -> b.toml -> a.toml -> archlint.toml" in result.stderr
