"""Many files: worker processes that die or hang, and results of earlier runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
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


BLIND = """
import archlint.cli.cache as cache
look = cache._look
cache._look = lambda path: [9, 4 * 10**18, 4 * 10**18, 9, 9] if path.endswith(".onnx") else look(path)
"""


def test_a_file_written_a_moment_ago_is_compared(tmp_path: Path) -> None:
    """Where neither size nor time can tell two versions apart, their bytes do."""

    def seen() -> str:
        return run(BLIND + CHECK, "-o", "concise", "--select", "NUM001,IO", "m.onnx", cwd=tmp_path).stdout

    path = model(tmp_path / "m.onnx", float("nan"))
    assert "16 NaN" in seen()
    (entry,) = entries(tmp_path)
    kept = tmp_path / ".archlint_cache" / entry
    kept.write_text(kept.read_text().replace("16 NaN", "17 NaN"))
    assert "17 NaN" in seen()
    model(path, 2.0)
    assert "NaN" not in seen()
    assert entries(tmp_path) == {entry}


def test_external_data_is_part_of_a_result(tmp_path: Path) -> None:
    model(tmp_path / "m.onnx", outside="w.bin")
    assert "IO007" in findings(tmp_path, "m.onnx")
    data = tmp_path / "w.bin"
    for value, code in ((float("nan"), "NUM001"), (1.0, "passed"), (float("nan"), "NUM001")):
        data.write_bytes(np.full(16, value, np.float32).tobytes())
        for _ in range(2):
            assert code in findings(tmp_path, "m.onnx")


def test_a_large_file_written_a_moment_ago_is_not_remembered(tmp_path: Path) -> None:
    model(tmp_path / "m.onnx")
    run(BLIND + "cache.SMALL = 100\n" + CHECK, "m.onnx", cwd=tmp_path)
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


@forks
def test_fifty_files_and_one_worker_killed(tmp_path: Path) -> None:
    """A stranger's SIGKILL, not one that the worker sends itself, costs the file it was at."""
    names = [f"m{i:02}.onnx" for i in range(50)]
    for name in names:
        model(tmp_path / name, float("nan"))
    code = (
        "import os, time, archlint.loaders.files as files\n"
        "real = files.open_file\n"
        "def opened(path):\n"
        "    if 'm31' in path:\n"
        "        open('victim.part', 'w').write(str(os.getpid()))\n"
        "        os.replace('victim.part', 'victim')\n"
        "        time.sleep(1000)\n"
        "    return real(path)\n"
        "files.open_file = opened\n" + CHECK
    )
    arguments = ["-o", "concise", "--no-cache", "--select", "NUM001,IO,INT", "-j2", *names]
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as started:
        while not (tmp_path / "victim").exists():
            time.sleep(0.02)
        os.kill(int((tmp_path / "victim").read_text()), signal.SIGKILL)
        out, _ = started.communicate(timeout=100)
    assert started.returncode == 2
    told = [line for line in out.splitlines() if line.startswith("m")]
    assert [line.partition(":")[0] for line in told] == names
    assert "m31.onnx: INT002 error its process ended with SIGKILL" in out
    assert sum("NUM001" in line for line in told) == 49


@forks
def test_a_mapped_file_that_becomes_shorter_costs_itself_alone(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        model(tmp_path / f"{name}.onnx", float("nan"))
    code = (
        "import os, sys, archlint.loaders, archlint.loaders.files as files\n"
        "sys.modules['archlint.loaders.load'].MAPPED = 1\n"
        "real = files.File.map\n"
        "def mapped(self):\n"
        "    found = real(self)\n"
        "    if 'b.onnx' in os.readlink(f'/proc/self/fd/{self.fd}'): os.truncate('b.onnx', 0)\n"
        "    return found\n"
        "files.File.map = mapped\n" + CHECK
    )
    done = run(code, "-o", "concise", "--no-cache", "a.onnx", "b.onnx", "c.onnx", cwd=tmp_path)
    assert done.returncode == 2
    assert "a.onnx: initializer 'w': NUM001" in done.stdout
    assert "b.onnx: INT002 error its process ended with SIGBUS (did the file become shorter" in done.stdout
    assert "c.onnx: initializer 'w': NUM001" in done.stdout


LOCAL = '''
from archlint.api import Findings, Model, rule

@rule("LOC001", on=Model)
def local_rule(model: Model) -> Findings:
    """A rule of the project.

    Good: {{op: Relu}}
    """
    yield "{}"
'''


def settled(cwd: Path, *arguments: str) -> str:
    """What a run says when nothing changed for a while before it."""
    time.sleep(0.1)
    done = run(PATIENT.format(0.02) + CHECK, "-o", "concise", *arguments, cwd=cwd)
    assert not done.stderr, done.stderr
    return done.stdout


def test_a_local_rule_is_part_of_a_result(tmp_path: Path) -> None:
    """Also one that only the configuration of a folder below names."""
    below = tmp_path / "below"
    below.mkdir()
    model(below / "m.onnx")
    (below / "archlint.toml").write_text('local-rules = ["rules"]\n')
    (below / "rules").mkdir()
    (below / "rules" / "__init__.py").write_text("")
    for words in ("first", "second"):
        (below / "rules" / "local_rule.py").write_text(LOCAL.format(words))
        before = entries(tmp_path)
        for _ in range(2):
            assert words in settled(tmp_path, "below/m.onnx")
        assert len(entries(tmp_path) - before) == 1


def test_the_configuration_is_part_of_a_result(tmp_path: Path) -> None:
    model(tmp_path / "m.onnx", float("nan"))
    for text, level in (("", "error"), ("severity = {NUM001 = 'info'}\n", "info"), ("", "error")):
        (tmp_path / "archlint.toml").write_text(text)
        for _ in range(2):
            assert f"NUM001 {level}" in settled(tmp_path, "m.onnx")
    assert "NUM001" not in settled(tmp_path, "m.onnx", "--ignore", "NUM001")
    assert "more than 1 nodes" not in settled(tmp_path, "m.onnx")
    assert "IO010" in settled(tmp_path, "m.onnx", "--max-fields", "2")


def test_a_plugin_is_part_of_a_result(tmp_path: Path) -> None:
    site = tmp_path / "site"
    info = site / "acme_rules-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[archlint.rules]\nacme = acme_rules\n")
    (site / "acme_rules").mkdir()
    (site / "acme_rules" / "__init__.py").write_text("")
    here = tmp_path / "here"
    here.mkdir()
    model(here / "m.onnx")
    code = f"import sys; sys.path.insert(0, {str(site)!r})\n" + PATIENT.format(0.02) + CHECK
    for words in ("first", "second"):
        (site / "acme_rules" / "local_rule.py").write_text(LOCAL.format(words))
        before = entries(here)
        for _ in range(2):
            time.sleep(0.1)
            assert words in run(code, "-o", "concise", "m.onnx", cwd=here).stdout
        assert len(entries(here) - before) == 1


def test_yaml_is_remembered_with_its_weights(tmp_path: Path) -> None:
    text = "archlint: 1\nweights: w.npz\ninputs: {x: [1, 4]}\nlayers:\n  - {op: Linear, name: fc, out_features: 4}\n"
    (tmp_path / "m.arch.yaml").write_text(text)
    settled(tmp_path, "m.arch.yaml")
    assert len(entries(tmp_path)) == 1
    (entry,) = entries(tmp_path)
    assert "w.npz" in (tmp_path / ".archlint_cache" / entry).read_text()


def test_runs_share_what_they_remember(tmp_path: Path) -> None:
    names = [f"m{i}.onnx" for i in range(6)]
    for i, name in enumerate(names):
        model(tmp_path / name, float("nan") if i % 2 else 1.0)
    time.sleep(0.1)
    command = [sys.executable, "-c", PATIENT.format(0.02) + CHECK, "-o", "concise", *names]
    for _ in range(2):
        runs = [
            subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        said = {started.communicate(timeout=100) for started in runs}
        assert len(said) == 1
        ((out, err),) = said
        assert out.count("NUM001") == 3
        assert not err
    assert len(entries(tmp_path)) == 6
