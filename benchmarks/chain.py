"""CPU time of `archlint report` per node on chains of 5,000 and 50,000 nodes, imports taken off.

    python benchmarks/chain.py

Whole processes are timed; the time of a ten-node chain, which is imports, is subtracted.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

KINDS = ("Conv", "Relu", "Add", "BatchNormalization")


def chain(path: Path, length: int) -> Path:
    """A chain of ``length`` nodes in turn of `KINDS`, on a 1 x 8 x 16 x 16 input."""
    nodes, weights, x = [], [], "x"
    for i in range(length):
        kind = KINDS[i % len(KINDS)]
        inputs, attributes = [x], {}
        if kind == "Conv":
            weights.append(numpy_helper.from_array(np.zeros((8, 8, 3, 3), np.float32), f"w{i}"))
            inputs.append(f"w{i}")
            attributes = {"kernel_shape": [3, 3], "pads": [1] * 4}
        elif kind == "Add":
            weights.append(numpy_helper.from_array(np.zeros(1, np.float32), f"b{i}"))
            inputs.append(f"b{i}")
        elif kind == "BatchNormalization":
            for part in "sbmv":
                weights.append(numpy_helper.from_array(np.ones(8, np.float32), f"{part}{i}"))
                inputs.append(f"{part}{i}")
        nodes.append(helper.make_node(kind, inputs, [f"y{i}"], f"{kind}_{i}", **attributes))
        x = f"y{i}"
    ends = [helper.make_tensor_value_info(n, 1, [1, 8, 16, 16]) for n in ("x", x)]
    graph = helper.make_graph(nodes, "chain", ends[:1], ends[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def cpu(command: list[str]) -> float:
    """User and system seconds of one run of ``command``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        lengths = (10, 5_000, 50_000)
        files = [chain(Path(folder) / f"chain{n}.onnx", n) for n in lengths]
        command = [sys.executable, "-m", "archlint", "report", "--format", "jsonl"]
        floor, small, large = (
            statistics.median(cpu([*command, str(f)]) for _ in range(runs))
            for f, runs in zip(files, (5, 5, 3), strict=True)
        )
    print(f"imports       {floor:6.2f} s")
    print(f" 5,000 nodes  {small:6.2f} s   {(small - floor) / 5_000 * 1e6:6.1f} us a node above imports")
    print(f"50,000 nodes  {large:6.2f} s   {(large - floor) / 50_000 * 1e6:6.1f} us a node above imports")
    print(f"50,000 / 5,000: {(large - floor) / (small - floor):.1f}")


if __name__ == "__main__":
    main()
