"""A cell whose operators contradict each other is named, or none; it never stops the analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser

from archlint.api import analyse

if TYPE_CHECKING:
    from pathlib import Path

HEADER = '<ir_version: 9, opset_import: ["" : 18, "com.microsoft": 1]>\n'
STEP = """g (float[2,8] x, float[2,4] h, float[2,4] c) => (float[2,4] h2, float[2,4] c2) {
    p = MatMul(x, W) q = MatMul(h, R) z = Add(p, q)
    SPLIT
    i = Sigmoid(a0) o = Sigmoid(a1) f = Sigmoid(a2) g = Tanh(a3)
    ig = Mul(i, g) fc = Mul(f, c) c2 = Add(fc, ig) tc = Tanh(c2) h2 = Mul(o, tc) }"""
SPLIT = "a0, a1, a2, a3 = Split<axis=1>(z, sizes)"
INT8 = """g (float[3,1,8] x) => (y) {
    y = com.microsoft.DynamicQuantizeLSTM<hidden_size=4>(x, W, R, , , , , , ws, wz, rs, rz) }"""
WEIGHTS = {
    "W": np.ones((8, 16), np.float32),
    "R": np.ones((4, 16), np.float32),
    "sizes": np.array([4, 4, 4, 4]),
    "none": np.zeros(0, np.int64),
    "start": np.array([0]),
    "end": np.array([4]),
    "axis": np.array([1]),
}
CODES = {
    "W": np.ones((1, 8, 16), np.int8),
    "R": np.ones((1, 4, 16), np.int8),
    **{name: np.ones(1, np.float32) for name in ("ws", "rs")},
    **{name: np.zeros(1, np.int8) for name in ("wz", "rz")},
}


def slices(first: str) -> str:
    rest = " ".join(f"a{k} = Slice(z, start, end, axis)" for k in (1, 2, 3))
    return STEP.replace("SPLIT", f"a0 = Slice({first}) {rest}")


MODELS = {
    "a split into no parts": (
        STEP.replace("SPLIT", SPLIT.replace("(z, sizes)", "").replace(">", ", num_outputs=0>(z)")),
        WEIGHTS,
    ),
    "a split of three for four": (STEP.replace("SPLIT", SPLIT), WEIGHTS | {"sizes": np.array([4, 4, 8])}),
    "a slice from nowhere": (slices("z, none, end, axis"), WEIGHTS),
    "a slice without a stride": (slices("z, start, end, axis, none"), WEIGHTS),
    "matrices of other widths": (STEP.replace("SPLIT", SPLIT), WEIGHTS | {"R": np.ones((4, 12), np.float32)}),
    "a matrix of three axes": (
        STEP.replace("SPLIT", SPLIT),
        WEIGHTS | {"W": np.ones((1, 8, 16), np.float32)},
    ),
    "scales of another cell": (INT8, CODES | {"ws": np.ones(15, np.float32)}),
    "no scale": (INT8, CODES | {"rs": np.zeros(0, np.float32)}),
    "zero points of another cell": (INT8, CODES | {"wz": np.zeros(3, np.int8)}),
}


@pytest.mark.parametrize(("text", "weights"), MODELS.values(), ids=MODELS)
def test_the_analysis_goes_on(text: str, weights: dict[str, np.ndarray], tmp_path: Path) -> None:
    model = parser.parse_model(HEADER + text)
    model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in weights.items())
    onnx.save(model, tmp_path / "m.onnx")
    for cell in analyse(tmp_path / "m.onnx").recurrent.cells:
        assert cell.reason


def test_the_step_itself_is_a_cell(tmp_path: Path) -> None:
    model = parser.parse_model(HEADER + STEP.replace("SPLIT", SPLIT))
    model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in WEIGHTS.items())
    onnx.save(model, tmp_path / "m.onnx")
    (cell,) = analyse(tmp_path / "m.onnx").recurrent.cells
    assert cell.analysed
