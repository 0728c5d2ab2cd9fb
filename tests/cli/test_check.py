"""``archlint check``: exit status, paths, streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from archlint.linting import collect
from tests.cli.conftest import BAD, DEAD, GOOD


@pytest.mark.parametrize(
    ("names", "options", "status"),
    [
        pytest.param(["good.onnx"], [], 0, id="clean"),
        pytest.param(["bad.onnx"], [], 1, id="error"),
        pytest.param(["dead.onnx"], [], 1, id="warning"),
        pytest.param(["dead.onnx"], ["--fail-on", "error"], 0, id="warning below fail-on"),
        pytest.param(["bad.onnx"], ["--exit-zero"], 0, id="exit zero"),
        pytest.param(["bad.onnx"], ["--ignore", "SHP"], 0, id="ignored"),
        pytest.param(["bad.onnx"], ["--select", "GRF"], 0, id="not selected"),
        pytest.param(["bad.onnx"], ["--ignore", "ALL", "--extend-select", "SHP010"], 1, id="code beats ALL"),
        pytest.param(["bad.onnx"], ["--select", "conv-channel-mismatch"], 1, id="by name"),
        pytest.param(["none.onnx"], [], 2, id="no such path"),
        pytest.param(["none.onnx", "bad.onnx"], [], 2, id="2 outranks 1"),
        pytest.param(["none.onnx"], ["--exit-zero"], 2, id="exit zero is for findings"),
        pytest.param(["bad.onnx"], ["--select", "SHQ010"], 2, id="unknown code"),
        pytest.param(["bad.onnx"], ["--output", "sariff"], 2, id="unknown format"),
        pytest.param(["bad.onnx"], ["--dim", "N"], 2, id="malformed dim"),
        pytest.param(["empty.onnx"], [], 1, id="broken file"),
        pytest.param(["empty.onnx"], ["--ignore", "IO"], 0, id="broken file ignored"),
    ],
)
def test_status(archlint, write, tmp_path, names, options, status) -> None:
    write("good.onnx", GOOD)
    write("bad.onnx", BAD)
    write("dead.onnx", DEAD)
    (tmp_path / "empty.onnx").write_bytes(b"\x80")
    result = archlint("check", *names, *options)
    assert result.exit_code == status, result.output


def test_both_numbers_and_the_place(archlint, write) -> None:
    write("bad.onnx", BAD)
    lines = archlint("check", "bad.onnx").stdout.splitlines()
    assert lines[0] == "SHP010 error[conv-channel-mismatch]: Conv expects 512 input channels, gets 256"
    assert lines[1].startswith("  --> bad.onnx: node 'conv1' (Conv)")
    assert any("'w' [128, 512, 1, 1]" in line for line in lines)
    assert "   = see: archlint rule SHP010" in lines


def test_every_file_is_told_of(archlint, write, tmp_path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"\xff\xff")
    write("b.onnx", BAD)
    os.mkfifo(tmp_path / "c.onnx")
    result = archlint("check", "a.onnx", "b.onnx", "c.onnx", "none.onnx", "--output", "jsonl")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(r["path"], r["code"]) for r in rows[:-1]] == [
        ("a.onnx", "IO006"),
        ("b.onnx", "SHP010"),
        ("c.onnx", "IO009"),
    ]
    assert rows[-1]["summary"]["missing_paths"] == ["none.onnx"]
    assert "no such file: none.onnx" in result.stderr
    assert result.exit_code == 2


def test_jsonl_has_the_keys_of_the_contract(archlint, write) -> None:
    write("bad.onnx", BAD)
    row = json.loads(archlint("check", "bad.onnx", "--output", "jsonl").stdout.splitlines()[0])
    contract = ["code", "name", "severity", "message", "help", "path", "line", "graph", "node", "op"]
    assert {*contract, "subject", "fingerprint"} <= row.keys()
    assert (row["node"], row["op"], row["path"]) == ("conv1", "Conv", "bad.onnx")


def test_folder_honours_gitignore(archlint, write, tmp_path) -> None:
    for name in ("a.onnx", "sub/b.onnx", "build/c.onnx", "sub/skip_d.onnx", "sub/skip_keep.onnx"):
        write(name, GOOD)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("/build/\n")
    (tmp_path / "sub/.gitignore").write_text("skip_*\n!skip_keep.onnx\n")
    (tmp_path / "sub/notes.yaml").write_text("a: 1\n")
    result = archlint("check", "-v")
    assert result.exit_code == 0
    assert "All 3 models passed." in result.stdout


def test_no_models(archlint, tmp_path) -> None:
    result = archlint("check")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no model files under '.'" in result.stderr


def test_bare_path(archlint, write) -> None:
    write("good.onnx", GOOD)
    result = archlint("good.onnx")
    assert result.exit_code == 2
    assert "did you mean 'archlint check good.onnx'?" in result.stderr


def test_unknown_code_names_the_nearest(archlint, write) -> None:
    write("good.onnx", GOOD)
    result = archlint("check", "good.onnx", "--select", "SHP910")
    assert "did you mean SHP010 (conv-channel-mismatch)?" in result.stderr


def test_a_rule_that_raises(archlint, write, monkeypatch) -> None:
    import archlint.linting.session as session
    from archlint.api import Model, rule

    @rule("ZZZ001", on=Model)
    def broken(model):
        """A rule that fails."""
        raise KeyError("scales\x1b[31m")
        yield ""

    rules = [*collect(plugins=False), broken.archlint_rule]
    monkeypatch.setattr(session, "collect", lambda **_: rules)
    write("bad.onnx", BAD)
    result = archlint("check", "bad.onnx")
    assert result.exit_code == 2
    assert "INT001 error[rule-crashed]: rule ZZZ001 failed at bad.onnx: KeyError" in result.stdout
    assert "SHP010" in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    "name", ["conv\x1b[31m1", "a\u202eb", "a\u200bb", "a\nb::error::c", "\x9b1m", "a\rb"]
)
@pytest.mark.parametrize("form", ["full", "concise", "jsonl"])
def test_names_do_not_reach_the_terminal(archlint, write, tmp_path, name, form) -> None:
    import onnx

    path = write("bad.onnx", BAD)
    model = onnx.load(path)
    model.graph.node[0].name = name
    model.graph.input[0].name = model.graph.node[0].input[0] = "x" + name
    onnx.save(model, path)
    out = archlint("check", "bad.onnx", "--output", form).stdout
    assert "SHP010" in out
    assert not {c for c in name if c in out} - {"\n"} - {c for c in name if c.isascii() and c.isprintable()}
    assert not any(line.startswith(("b::error", "b ")) for line in out.splitlines())


@pytest.mark.parametrize(
    ("option", "environment", "colored"),
    [
        pytest.param([], {}, False, id="pipe"),
        pytest.param([], {"FORCE_COLOR": "1"}, True, id="FORCE_COLOR"),
        pytest.param([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, id="NO_COLOR beats FORCE_COLOR"),
        pytest.param(["--color", "always"], {"NO_COLOR": "1"}, True, id="--color beats NO_COLOR"),
        pytest.param(["--color", "never"], {"FORCE_COLOR": "1"}, False, id="--color never"),
        pytest.param([], {"FORCE_COLOR": "0"}, False, id="FORCE_COLOR=0"),
        pytest.param([], {"NO_COLOR": "", "FORCE_COLOR": "1"}, True, id="empty NO_COLOR"),
    ],
)
def test_color(archlint, write, monkeypatch, option, environment, colored) -> None:
    write("bad.onnx", BAD)
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    assert ("\x1b[" in archlint("check", "bad.onnx", *option).stdout) is colored


def run(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "archlint", *arguments], capture_output=True, check=False, **options
    )


def test_ascii_stream(write, tmp_path) -> None:
    path = write("bad.onnx", BAD)
    result = run("check", path, env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert result.returncode == 1
    assert result.stdout.isascii()
    assert b"-->" in result.stdout


def test_closed_pipe(write) -> None:
    path = write("bad.onnx", BAD)
    text = f"{sys.executable} -m archlint check {path} {path} --output concise; echo status $? >&2"
    result = subprocess.run(["sh", "-c", f"({text}) | true"], capture_output=True, text=True, check=False)
    assert result.stderr.split() == ["status", "0"]


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("check", "--help")])
def test_start_up_is_light(arguments) -> None:
    code = (
        "import sys; from archlint.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(*{'onnx', 'networkx', 'numpy', 'yaml', 'rich'} & sys.modules.keys(), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert result.stderr.strip() == ""
    assert "archlint" in result.stdout


def test_more_findings_than_anybody_reads(archlint, write, monkeypatch) -> None:
    monkeypatch.setattr("archlint.linting.engine.MOST", 3)
    chain = " ".join(f"t{i + 1} = Relu (t{i})" for i in range(9))
    write("m.onnx", f"g (float[4] t0) => (float[4] t9) {{ {chain} }}")
    for _ in range(2):  # the second time from the cache
        result = archlint("check", "m.onnx", "--select", "ARC003", "-o", "concise", "-j1")
        assert result.stdout.count("ARC003 warning") == 3
        assert "m.onnx: ARC003 double-activation: only the first 3 findings are told" in result.stderr
