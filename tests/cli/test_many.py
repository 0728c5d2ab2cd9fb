"""Many files: worker processes that die or hang, and results of earlier runs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import TensorProto, helper

if TYPE_CHECKING:
    from pathlib import Path

forks = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")


def run(code: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A process of its own: a fork wants one thread, which a test process does not have."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


WORKERS = """
import os, signal, sys, time
from archlint.cli.workers import in_parallel
def work(path):
    if path == "dies": os.kill(os.getpid(), signal.SIGKILL)
    if path == "leaves": os._exit(3)
    if path == "hangs": time.sleep(1000)
    if path == "slow": time.sleep(0.2)
    return path.upper()
for found in in_parallel(sys.argv[3:], work, int(sys.argv[1]), float(sys.argv[2])):
    print(found if isinstance(found, str) else f"lost {found.path}: {found.reason} {found.late}", flush=True)
"""


@forks
@pytest.mark.parametrize("jobs", ["1", "3"])
def test_a_worker_that_dies_costs_its_own_file(tmp_path: Path, jobs: str) -> None:
    names = ["slow", "a", "dies", "b", "leaves", "c", "hangs", "d"]
    done = run(WORKERS, jobs, "1", *names, cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "SLOW",
        "A",
        "lost dies: its process ended with SIGKILL False",
        "B",
        "lost leaves: its process ended with status 3 False",
        "C",
        "lost hangs: not done after 1 s True",
        "D",
    ]
    assert not done.stderr


def model(path: Path, value: float = 1.0, outside: str = "") -> Path:
    weight = helper.make_tensor("w", TensorProto.FLOAT, [4, 4], np.full(16, value, np.float32), raw=False)
    if outside:
        weight.ClearField("float_data")
        weight.data_location = TensorProto.EXTERNAL
        weight.external_data.add(key="location", value=outside)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", 1, [1, 4])],
        [helper.make_tensor_value_info("y", 1, [1, 4])],
        [weight],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path.write_bytes(proto.SerializeToString())
    return path


CHECK = "import sys; from archlint.cli import main; main(['check', *sys.argv[1:]])"
PATIENT = "import time, archlint.cli.cache as cache; cache.SETTLED = {}\n"


def findings(cwd: Path, *arguments: str, settled: float = 0.02) -> str:
    done = run(PATIENT.format(settled) + CHECK, "-o", "concise", "--select", "NUM001,IO", *arguments, cwd=cwd)
    assert not done.stderr, done.stderr
    return f"{done.returncode} {done.stdout}"


def entries(folder: Path) -> set[str]:
    cache = folder / ".archlint_cache"
    return {n for n in os.listdir(cache) if n != ".gitignore"} if cache.exists() else set()


def test_a_second_run_remembers_until_something_changes(tmp_path: Path) -> None:
    path = model(tmp_path / "m.onnx", float("nan"))
    first = findings(tmp_path, "m.onnx")
    assert first.startswith("1 ")
    assert "16 NaN" in first
    (entry,) = entries(tmp_path)
    assert findings(tmp_path, "m.onnx") == first
    (tmp_path / ".archlint_cache" / entry).write_text("[broken")
    assert findings(tmp_path, "m.onnx") == first
    model(path, 2.0)
    assert findings(tmp_path, "m.onnx").startswith("0 ")
    assert len(entries(tmp_path)) == 2
    assert findings(tmp_path, "m.onnx", "--weights", "none").startswith("0 ")
    assert len(entries(tmp_path)) == 3  # another configuration is another result


def test_what_is_remembered_is_used(tmp_path: Path) -> None:
    model(tmp_path / "m.onnx", float("nan"))
    findings(tmp_path, "m.onnx")
    (entry,) = entries(tmp_path)
    kept = tmp_path / ".archlint_cache" / entry
    kept.write_text(kept.read_text().replace("16 NaN", "17 NaN"))
    assert "17 NaN" in findings(tmp_path, "m.onnx")
    assert "16 NaN" in findings(tmp_path, "m.onnx", "--no-cache")


def test_external_data_is_part_of_a_result(tmp_path: Path) -> None:
    model(tmp_path / "m.onnx", outside="w.bin")
    assert "IO007" in findings(tmp_path, "m.onnx")
    data = tmp_path / "w.bin"
    for value, code in ((float("nan"), "NUM001"), (1.0, "passed"), (float("nan"), "NUM001")):
        data.write_bytes(np.full(16, value, np.float32).tobytes())
        for _ in range(2):
            assert code in findings(tmp_path, "m.onnx")


def test_a_file_that_was_just_written_is_not_remembered(tmp_path: Path) -> None:
    model(tmp_path / "m.onnx")
    findings(tmp_path, "m.onnx", settled=1000)
    assert not entries(tmp_path)


def test_results_come_in_the_order_given(tmp_path: Path) -> None:
    names = [f"m{i}.onnx" for i in range(12)]
    for i, name in enumerate(names):
        model(tmp_path / name, float("nan") if i % 3 else 1.0)
    findings(tmp_path, *names[5:8])  # some are known, some are not
    for jobs in ("1", "5"):
        lines = findings(tmp_path, *names, "-j", jobs).splitlines()
        told = [line.partition(":")[0].removeprefix("1 ") for line in lines if "NUM001" in line]
        assert told == [n for i, n in enumerate(names) if i % 3]


@forks
def test_a_killed_worker_is_said_and_is_status_2(tmp_path: Path) -> None:
    for i in range(4):
        model(tmp_path / f"m{i}.onnx", float("nan"))
    code = (
        "import os, signal, archlint.linting as l, archlint.loaders.load as load\n"
        "import archlint.loaders.files as files\n"
        "real = files.open_file\n"
        "def opened(path):\n"
        "    if 'm2' in path: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(path)\n"
        "files.open_file = opened\n" + CHECK
    )
    done = run(code, "-o", "concise", "--no-cache", *(f"m{i}.onnx" for i in range(4)), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout.count("NUM001") == 3
    assert "m2.onnx: INT002" in done.stdout
    assert "SIGKILL" in done.stdout
