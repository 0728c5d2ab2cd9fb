"""CPU time and memory of `archlint check`, as ratios to onnx.checker with full_check, on models made here.

    python benchmarks/checker.py [RUNS]

Whole processes, in turn (A B A B ...); the median of the ratios holds on a busy machine where seconds do not.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from chain import chain
from onnx import helper

CHECKER = "import onnx, sys\nfor f in sys.argv[1:]: onnx.checker.check_model(onnx.load(f), full_check=True)"


def gemms(path: Path, width: int, layers: int) -> Path:
    """Square Gemms with their weights in the file: 4 * width**2 bytes each."""
    rng = np.random.default_rng(0)
    nodes, weights = [], []
    for i in range(layers):
        weight = onnx.TensorProto(name=f"w{i}", data_type=1, dims=[width, width])
        weight.raw_data = (rng.standard_normal((width, width), dtype=np.float32) * 0.01).tobytes()
        weights.append(weight)
        nodes.append(helper.make_node("Gemm", [f"x{i}", f"w{i}"], [f"x{i + 1}"], f"gemm{i}"))
    ends = [helper.make_tensor_value_info(n, 1, [8, width]) for n in ("x0", f"x{layers}")]
    graph = helper.make_graph(nodes, "gemms", ends[:1], ends[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def once(command: list[str]) -> tuple[float, float]:
    """CPU seconds and peak MiB of a process, workers that it waited for included in the seconds."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        sys.exit(f"failed with {process.returncode}: {' '.join(command[:6])}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(label: str, files: list[Path], runs: int, *options: str) -> None:
    """Prints one line of ratios."""
    names = [str(f) for f in files]
    ours = [sys.executable, "-m", "archlint", "--isolated", "check", "--no-cache", *options, *names]
    theirs = [sys.executable, "-c", CHECKER, *names]
    once(ours), once(theirs)
    rows = [(once(ours), once(theirs)) for _ in range(runs)]
    cpu = statistics.median(a[0] / b[0] for a, b in rows)
    memory = statistics.median(a[1] / b[1] for a, b in rows)
    print(f"{label:32} CPU x {cpu:5.2f}   memory x {memory:5.2f}   ({rows[0][0][1]:.0f} MiB)", flush=True)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        large = gemms(base / "gemms.onnx", 4096, 4)
        compare("256 MiB of weights, all read", [large], runs, "--weights", "all")
        compare("256 MiB of weights, none read", [large], runs, "--weights", "none")
        compare("5,000 nodes", [chain(base / "chain.onnx", 5_000)], runs)
        compare("50 files", [chain(base / f"c{i}.onnx", 60 + i) for i in range(50)], runs)


if __name__ == "__main__":
    main()
