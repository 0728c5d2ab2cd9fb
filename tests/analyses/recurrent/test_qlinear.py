"""Cells in onnxruntime's QLinear operators are named with the reason; gated branches are no cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from archlint.api import analyse

if TYPE_CHECKING:
    from pathlib import Path

UNITS = 4
SCALE = ["s", "zero"]


class Spelt:
    """A graph of 8-bit operators, a line at a time; every tensor has the same scale."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []

    def add(self, kind: str, inputs: list[str], out: str, **attributes: object) -> str:
        domain = "com.microsoft" if kind.startswith("Q") and kind != "QuantizeLinear" else ""
        self.nodes.append(helper.make_node(kind, inputs, [out], domain=domain, **attributes))
        return out

    def binary(self, kind: str, a: str, b: str, out: str) -> str:
        return self.add(f"QLinear{kind}", [a, *SCALE, b, *SCALE, *SCALE], out)

    def gate(self, x: str, weight: str, out: str) -> str:
        z = self.add("QGemm", [x, *SCALE, weight, *SCALE, "", *SCALE], f"{out}_z")
        return self.add("QLinearSigmoid", [z, *SCALE, *SCALE], out)

    def squashed(self, x: str, out: str) -> str:
        wide = self.add("DequantizeLinear", [x, *SCALE], f"{out}_wide")
        return self.add("QuantizeLinear", [self.add("Tanh", [wide], f"{out}_tanh"), *SCALE], out)

    def saved(self, path: Path, end: str) -> Path:
        weights = [numpy_helper.from_array(np.ones((UNITS, UNITS), np.uint8), w) for w in ("W", "V", "U")]
        weights.append(numpy_helper.from_array(np.float32(0.01), "s"))
        weights.append(numpy_helper.from_array(np.uint8(0), "zero"))
        ends = [helper.make_tensor_value_info(n, 2, [1, UNITS]) for n in ("x", end)]
        graph = helper.make_graph(self.nodes, "g", ends[:1], ends[1:], weights)
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
        onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
        return path


def lstm(spelt: Spelt) -> str:
    state = "x"
    for step in range(2):
        f, i = spelt.gate(state, "W", f"f{step}"), spelt.gate(state, "U", f"i{step}")
        kept = spelt.binary("Mul", f, state, f"kept{step}")
        written = spelt.binary("Mul", i, spelt.squashed(state, f"g{step}"), f"written{step}")
        state = spelt.binary("Add", kept, written, f"c{step}")
    return state


def gru(spelt: Spelt, *, difference: bool) -> str:
    state = "x"
    for step in range(2):
        z, new = spelt.gate(state, "W", f"z{step}"), spelt.squashed(state, f"n{step}")
        narrow = {}
        for name in (z, new, state):
            narrow[name] = spelt.add("DequantizeLinear", [name, *SCALE], f"{name}_{step}_real")
        pair = [narrow[state], narrow[new]] if difference else ["s", narrow[z]]
        taken = spelt.add("QuantizeLinear", [spelt.add("Sub", pair, f"sub{step}"), *SCALE], f"taken{step}")
        other = spelt.binary("Mul", z if difference else new, taken, f"other{step}")
        kept = new if difference else spelt.binary("Mul", z, state, f"kept{step}")
        state = spelt.binary("Add", other, kept, f"h{step}")
    return state


CELLS = {
    "lstm": (lstm, ["LSTM"]),
    "gru": (lambda s: gru(s, difference=False), ["GRU"]),
    "gru by its difference": (lambda s: gru(s, difference=True), ["GRU"]),
}


@pytest.mark.parametrize(("build", "kinds"), CELLS.values(), ids=CELLS)
def test_a_cell_is_named(build, kinds, tmp_path: Path) -> None:
    spelt = Spelt()
    cells = analyse(spelt.saved(tmp_path / "m.onnx", build(spelt))).recurrent.cells
    assert [c.op for c in cells] == kinds
    assert all("QLinear operators" in (c.reason or "") for c in cells)


def test_gated_branches_share_no_matrix(tmp_path: Path) -> None:
    spelt = Spelt()
    first, second = spelt.gate("x", "W", "first"), spelt.gate("x", "V", "second")
    one, other = spelt.binary("Mul", first, "x", "one"), spelt.binary("Mul", second, "x", "other")
    end = spelt.binary("Add", one, other, "y")
    assert not analyse(spelt.saved(tmp_path / "m.onnx", end)).recurrent.cells
