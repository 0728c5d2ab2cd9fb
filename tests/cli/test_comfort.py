"""What makes the command line pleasant: help, completion, watching, starting with a baseline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from archlint.cli import main
from archlint.cli.watch import state, watch
from archlint.linting.session import Session
from tests.cli.conftest import DEAD, GOOD

COMMANDS = ["check", "report", "solve", "rule", "config", "init", "test-rules", "completion"]
PAGES = [[], *([c] for c in COMMANDS), *(["config", c] for c in ("show", "get", "path", "validate"))]


@pytest.mark.parametrize("page", PAGES, ids=" ".join)
@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_help_fits_the_terminal_and_leaves_nothing_out(page, width) -> None:
    result = CliRunner().invoke(main, [*page, "--help"], terminal_width=width)
    assert (result.exit_code, result.stderr) == (0, "")
    wide = [line for line in result.stdout.splitlines() if len(line) > max(width, 50)]
    assert not wide
    context = click.Context(main, info_name="archlint")
    command: click.Command = main
    for name in page:
        command = command.get_command(context, name)
    for param in command.params:
        assert isinstance(param, click.Argument) or param.help, param
        if isinstance(param, click.Option):
            assert param.opts[0] in result.stdout
            assert result.stdout.count(f"  {param.opts[0]} ") <= 2
    assert "x>=" not in result.stdout


def test_every_command_is_listed(archlint) -> None:
    text = archlint("--help").stdout
    listed = text.split("Commands:\n")[1].split("\n\n")[0]
    assert [line.split()[0] for line in listed.splitlines()] == COMMANDS
    assert "..." not in listed
    alone = archlint().stdout
    assert f"Commands: {', '.join(COMMANDS)}\n" in alone


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(archlint, shell) -> None:
    result = archlint("completion", shell)
    assert (result.exit_code, f"_ARCHLINT_COMPLETE={shell}_complete" in result.stdout) == (0, True)
    assert archlint("completion", "tcsh").exit_code == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("archlint ch", "check"),
        ("archlint check --max-w", "--max-warnings"),
        ("archlint rule SHP01", "SHP010"),
        ("archlint rule forget-gate-s", "forget-gate-saturated"),
        ("archlint check --select SHP010,GRF00", "SHP010,GRF007"),
        ("archlint check --ignore IO00", "IO001"),
        ("archlint check -o sa", "sarif"),
        ("archlint check --fail-on w", "warning"),
    ],
)
def test_completion(tmp_path, words, expected) -> None:
    environment = {
        **os.environ,
        "_ARCHLINT_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", "from archlint.cli import main; main(prog_name='archlint')"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert expected in [line.partition(",")[2] for line in done.stdout.splitlines()], done


def test_watching(archlint, write, tmp_path, monkeypatch) -> None:
    path = write("models/a.onnx", GOOD)
    (tmp_path / "archlint.toml").write_text("")
    archlint("--version")
    ran: list[list[str]] = []

    def pretend(command: list[str], **_: object) -> SimpleNamespace:
        ran.append(command)
        return SimpleNamespace(returncode=0)

    changes = iter(
        [lambda: write("models/a.onnx", DEAD), lambda: os.unlink(path), lambda: write("models/b.onnx", GOOD)]
    )
    monkeypatch.setattr("archlint.cli.watch.subprocess.run", pretend)
    monkeypatch.setattr(time, "sleep", lambda _: next(changes)())
    watch(["check", "models", "--watch", "-q"], ["models"], Session(), rounds=4)
    assert [c[-3:] for c in ran] == [["check", "models", "-q"]] * 4
    assert next(changes, None) is None


def test_what_is_watched(archlint, write, tmp_path) -> None:
    write("models/a.onnx", GOOD)
    (tmp_path / "models" / "a.onnx.data").write_bytes(b"x")
    (tmp_path / "models" / "readme.txt").write_bytes(b"x")
    (tmp_path / "mine.py").write_text("")
    (tmp_path / "archlint.toml").write_text('local-rules = ["mine.py"]')
    archlint("--version")
    seen = {os.path.relpath(p) for p in state(["models", "none.onnx"], Session())}
    assert seen == {"models/a.onnx", "models/a.onnx.data", "archlint.toml", "mine.py"}


def test_watch_ends_with_ctrl_c(archlint, write, monkeypatch) -> None:
    write("a.onnx", GOOD)

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    monkeypatch.setattr("archlint.cli.watch.subprocess.run", lambda *_, **__: SimpleNamespace(returncode=1))
    assert archlint("check", "a.onnx", "--watch").exit_code == 130


def test_a_project_that_starts_with_a_baseline(archlint, write, tmp_path) -> None:
    write("models/dead.onnx", DEAD)
    result = archlint("init", "--baseline")
    assert result.exit_code == 0, result.output
    assert "wrote .archlint-baseline.json       (1 finding of 1 models)" in result.stdout
    assert len(json.loads((tmp_path / ".archlint-baseline.json").read_text())["entries"]) == 1
    checked = archlint("check")
    assert (checked.exit_code, "1 baselined" in checked.stdout) == (0, True)
    write("models/dead.onnx", DEAD.replace("[kept]", "[more] q = Abs (x) [kept]"))
    assert archlint("check").exit_code == 1
    again = archlint("init", "--baseline")
    assert "kept .archlint-baseline.json (it exists)" in again.stdout
    assert 'add to it: baseline = ".archlint-baseline.json"' in again.stdout


def test_the_files_that_would_be_checked(archlint, write, tmp_path) -> None:
    for name in ("b.onnx", "a/c.onnx", "old/d.onnx"):
        write(name, DEAD)
    (tmp_path / "archlint.toml").write_text('exclude = ["old/"]')
    result = archlint("check", "--show-files")
    assert (result.exit_code, result.stdout.split()) == (0, ["b.onnx", "a/c.onnx"])
    named = archlint("check", "old/d.onnx", "none.onnx", "--show-files")
    assert (named.exit_code, named.stdout.split()) == (2, ["old/d.onnx"])
