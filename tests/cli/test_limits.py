"""Limits, time, memory, standard input and Ctrl-C, each in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from onnx import helper

from archlint.cli.check import command
from archlint.cli.limits import BOUNDS, limits
from archlint.errors import LoadError
from archlint.loaders import Limits, load
from archlint.loaders.options import Options

if TYPE_CHECKING:
    from pathlib import Path

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")

MAIN = "import sys; from archlint.cli import main; main(sys.argv[1:])"
SLOW = (
    "import time, archlint.loaders.files as files\n"
    "real = files.open_file\n"
    "def opened(path):\n"
    "    if 'slow' in path: time.sleep(1000)\n"
    "    return real(path)\n"
    "files.open_file = opened\n" + MAIN
)
GREEDY = (
    "import archlint.loaders.files as files\n"
    "def opened(path): return bytearray(2 << 30)\n"
    "files.open_file = opened\n" + MAIN
)


def model(path: Path, nodes: int = 3) -> Path:
    chain = [helper.make_node("Cos" if i % 2 else "Sin", [f"t{i}"], [f"t{i + 1}"]) for i in range(nodes)]
    ends = [helper.make_tensor_value_info(n, 1, [1, 4]) for n in ("t0", f"t{nodes}")]
    graph = helper.make_graph(chain, "g", ends[:1], ends[1:])
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path.write_bytes(proto.SerializeToString())
    return path


def run(
    cwd: Path, *arguments: str, code: str = MAIN, stdin: bytes | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        input=stdin if stdin is not None else b"",
        capture_output=True,
        timeout=100,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_every_limit_is_an_option_of_one_section_and_a_key() -> None:
    names = [f.metadata["name"] for f in fields(Limits)]
    shown = CliRunner().invoke(command, ["--help"]).output
    section = shown.partition("Limits of one file:")[2].partition("\n\n")[0]
    for name in names:
        assert f"--max-{name} " in section
        assert limits({}, {name: 7}) == limits({f"max_{name.replace('-', '_')}": 7}, {name: 9})
    assert "--timeout" in section
    assert len(BOUNDS["Limits of one file"]) == len(names) + 1


YAML = "archlint: 1\ninputs: {x: [1, 4]}\nlayers:\n  - {op: Relu, name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\n"
PASSED = (
    ("nodes", 2, "m.onnx", "IO010"),
    ("fields", 3, "m.onnx", "IO010"),
    ("bytes", 40, "m.onnx", "IO010"),
    ("rank", 1, "m.onnx", "IO010"),
    ("yaml", 20, "m.arch.yaml", "YML010"),
    ("yaml-depth", 2, "m.arch.yaml", "YML010"),
    ("yaml-items", 4, "m.arch.yaml", "YML010"),
    ("yaml-scalar", 20, "m.arch.yaml", "YML010"),
    ("text", 20, "m.onnxtxt", "IO010"),
)


@pytest.mark.parametrize(("name", "limit", "file", "code"), PASSED, ids=[p[0] for p in PASSED])
def test_beyond_a_limit_a_file_is_refused(
    tmp_path: Path, name: str, limit: int, file: str, code: str
) -> None:
    model(tmp_path / "m.onnx")
    (tmp_path / "m.arch.yaml").write_text(YAML)
    (tmp_path / "m.onnxtxt").write_text(
        '<ir_version: 8, opset_import: ["" : 18]>\ng (float[1] x) => (float[1] y) { y = Relu(x) }'
    )
    load(tmp_path / file)
    with pytest.raises(LoadError) as caught:
        load(tmp_path / file, options=Options(limits=limits({}, {name: limit})))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--max-nodes", "2"], "more than 2 nodes"),
        (["--config", "limits.nodes=2"], "more than 2 nodes"),
        (["--max-nodes", "0"], "not a number of 1 or more"),
        (["--max-nodes", "2KB"], "not a number of 1 or more"),
        (["--max-bytes", "lots"], "not a size such as 64MiB"),
        (["--config", "limits.nodes='x'"], "'nodes' must be a number of 1 or more"),
        (["--config", "limits.noodles=3"], "did you mean 'nodes'?"),
    ],
    ids=["option", "key", "zero", "unit", "words", "key of words", "unknown key"],
)
def test_limits_are_given_and_checked(tmp_path: Path, arguments: list[str], words: str) -> None:
    model(tmp_path / "m.onnx")
    for name in ("check", "report"):
        done = run(tmp_path, name, "m.onnx", *arguments)
        assert done.returncode in {1, 2}
        assert words in done.stdout + done.stderr


@linux
@pytest.mark.parametrize("jobs", [["-j", "1"], []], ids=["one job", "default"])
def test_one_file_that_takes_too_long(tmp_path: Path, jobs: list[str]) -> None:
    model(tmp_path / "slow.onnx")
    done = run(
        tmp_path, "check", "--no-cache", "-o", "concise", "--timeout", "0.5", "slow.onnx", *jobs, code=SLOW
    )
    assert done.returncode == 1
    assert "slow.onnx: IO010 error not done after 0.5 s" in done.stdout
    done = run(tmp_path, "report", "--timeout", "0.5", "slow.onnx", code=SLOW)
    assert done.returncode == 2
    assert "slow.onnx: IO010 error not done after 0.5 s" in done.stderr


@linux
def test_one_file_that_takes_too_much_memory(tmp_path: Path) -> None:
    model(tmp_path / "m.onnx")
    done = run(tmp_path, "check", "--no-cache", "-o", "concise", "m.onnx", code=GREEDY)
    assert done.returncode == 1
    assert "m.onnx: IO010 error needs more memory than one file may take" in done.stdout
    done = run(tmp_path, "report", "m.onnx", code=GREEDY)
    assert done.returncode == 2
    assert "--max-memory" in done.stderr


def test_a_model_on_standard_input(tmp_path: Path) -> None:
    data = model(tmp_path / "m.onnx").read_bytes()
    piped = run(tmp_path, "check", "-o", "concise", "-", stdin=data[:-20])
    assert piped.returncode == 1
    assert piped.stdout.startswith("-: IO006 error ONNX ends early")
    assert run(tmp_path, "check", "-", stdin=data).returncode == 0
    named = run(tmp_path, "check", "-o", "concise", "-", "--stdin-filename", "a.yaml", stdin=b"archlint: [1")
    assert named.stdout.startswith("a.yaml:2:1: YML001")
    assert "YML001" in run(tmp_path, "check", "-", stdin=b"# x\narchlint: [1").stdout
    assert "Cos" in run(tmp_path, "report", "-", "--all", stdin=data).stdout
    assert run(tmp_path, "check", "-", "--fix", stdin=data).returncode == 2
    assert run(tmp_path, "check", "-", "--max-bytes", "10", stdin=data).returncode == 2


@linux
def test_ctrl_c_ends_with_what_is_done(tmp_path: Path) -> None:
    for name in ("a.onnx", "b.onnx", "slow.onnx", "z.onnx"):
        model(tmp_path / name)
    (tmp_path / "b.onnx").write_bytes(b"\x08")
    outputs = ["-o", "jsonl=out.jsonl", "-o", "concise"]
    files = ["a.onnx", "b.onnx", "slow.onnx", "z.onnx"]
    started = subprocess.Popen(
        [sys.executable, "-c", SLOW, "check", "--no-cache", *outputs, "-j2", *files],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
        # a suite in a shell's background is deaf to Ctrl-C, and so would be what it starts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )
    assert started.stdout is not None
    assert "b.onnx: IO006" in started.stdout.readline()
    time.sleep(0.2)
    os.killpg(started.pid, signal.SIGINT)
    out, err = started.communicate(timeout=30)
    assert started.returncode == 130
    assert "interrupted after 2 files" in err
    assert "Traceback" not in err
    assert "Found 1 problem" in out
    assert "IO006" in (tmp_path / "out.jsonl").read_text()
