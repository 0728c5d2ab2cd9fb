"""Gates measured on real inputs, and int8 cells."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from archlint.api import Calibration, UsageError, read_calibration
from tests.analyses.recurrent.cells import analysed, operator_model, random_weights


def driven(features=3, **attrs):
    """A cell whose unit 1 is closed only where the first input is large."""
    weights = random_weights("LSTM", np.random.default_rng(0), 4, features, scale=0.05, bias=0.0)
    weights["W"][0, 8 + 1, 0] = -2.0
    return operator_model("LSTM", weights, attrs)


def test_measured_shares_stand_beside_the_tiers(tmp_path):
    x = np.full((20, 2, 3), 4.0, np.float32)
    x[0] = 0.0
    data = Calibration({"X": x})
    (cell,) = analysed(driven(), tmp_path, calibration=data).recurrent.cells
    forget = cell.gates["forget"]
    assert forget.measured.steps == 40
    np.testing.assert_allclose(forget.measured.closed[1], 19 / 20)
    assert forget.closed.sure == ()
    (cell,) = analysed(driven(), tmp_path, calibration=Calibration({"X": x[1:]})).recurrent.cells
    assert cell.gates["forget"].closed.sure == (1,)
    assert cell.input_range.source == "calibration"


def test_reverse_reads_from_the_end(tmp_path):
    x = np.random.default_rng(1).normal(size=(9, 1, 3)).astype(np.float32)
    model = driven(direction="reverse")
    (cell,) = analysed(model, tmp_path, calibration=Calibration({"X": x})).recurrent.cells
    turned = driven()
    (other,) = analysed(turned, tmp_path, calibration=Calibration({"X": x[::-1]})).recurrent.cells
    np.testing.assert_array_equal(cell.gates["forget"].measured.lo, other.gates["forget"].measured.lo)


def test_graph_inputs_are_run_up_to_the_cell(tmp_path):
    model = driven()
    model.graph.input[0].name = "raw"
    model.graph.node.insert(0, helper.make_node("Mul", ["raw", "four"], ["X"]))
    model.graph.initializer.append(numpy_helper.from_array(np.array(4.0, np.float32), "four"))
    np.savez(tmp_path / "data.npz", raw=np.ones((10, 2, 3), np.float32))
    analysis = analysed(model, tmp_path, calibration=read_calibration(tmp_path / "data.npz"))
    (cell,) = analysis.recurrent.cells
    assert analysis.recurrent.calibration_problem is None
    assert cell.gates["forget"].measured.closed[1] == 1.0


def test_arrays_of_other_names_are_a_stated_problem(tmp_path):
    analysis = analysed(driven(), tmp_path, calibration=Calibration({"foo": np.zeros((1, 1, 3))}))
    (cell,) = analysis.recurrent.cells
    assert "foo" in analysis.recurrent.calibration_problem
    assert any("not calibrated, because" in note for note in cell.notes)
    assert cell.uncalibrated is not None
    assert cell.gates["forget"].measured is None


@pytest.mark.parametrize("content", [b"", b"not a zip"], ids=["empty", "text"])
def test_a_file_that_is_no_npz(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(UsageError, match="npz"):
        read_calibration(tmp_path / "x.npz")


def test_dynamically_quantised_lstm(tmp_path):
    """W [d, input, 4n] and R [d, n, 4n] in int8 with a scale and a zero point for each column."""
    rng = np.random.default_rng(0)
    n, d = 4, 3
    q = {
        "W": rng.integers(-9, 9, (2, d, 4 * n)).astype(np.int8),
        "R": rng.integers(-9, 9, (2, n, 4 * n)).astype(np.int8),
    }
    bias = np.zeros((2, 8 * n), np.float32)
    bias[1, 2 * n + 3] = -9.0
    scale = rng.uniform(0.001, 0.01, (2, 4 * n)).astype(np.float32)
    zero = rng.integers(-3, 3, (2, 4 * n)).astype(np.int8)
    stored = {**q, "B": bias, "s": scale, "z": zero}
    node = helper.make_node(
        "DynamicQuantizeLSTM",
        ["X", "W", "R", "B", "", "", "", "", "s", "z", "s", "z"],
        ["Y"],
        domain="com.microsoft",
        direction="bidirectional",
        hidden_size=n,
    )
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["T", "N", d])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(v, k) for k, v in stored.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    forward, reverse = analysed(helper.make_model(graph, opset_imports=opsets), tmp_path).recurrent.cells
    assert (forward.form, reverse.direction) == ("quantized", "reverse")
    assert reverse.gates["forget"].closed.proven == (3,)
    assert forward.gates["forget"].closed.proven == ()
    expected = ((q["R"].astype(np.float32) - zero[:, None]) * scale[:, None])[1, :, 2 * n : 3 * n].T
    np.testing.assert_allclose(reverse.recurrence.R["forget"], expected, rtol=1e-6)


def test_qdq_weights(tmp_path):
    model = driven()
    stored = next(i for i in model.graph.initializer if i.name == "W")
    wide = numpy_helper.to_array(stored)
    model.graph.initializer.remove(stored)
    scale = np.abs(wide).max(axis=(0, 2)).astype(np.float32) / 127
    packed = np.round(wide / scale[None, :, None]).astype(np.int8)
    for name, value in {"Wq": packed, "Ws": scale, "Wz": np.zeros(16, np.int8)}.items():
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    model.graph.node.insert(0, helper.make_node("DequantizeLinear", ["Wq", "Ws", "Wz"], ["W"], axis=1))
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert cell.analysed
    assert cell.recurrence.W["forget"][1, 0] == pytest.approx(-2.0, abs=0.01)
