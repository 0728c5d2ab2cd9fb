"""Cells that are operators: weights found, attributes obeyed, tiers as the definitions say."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from archlint.api import Interval
from tests.analyses.recurrent.cells import analysed, operator_model, random_weights


def quiet(kind="LSTM", hidden=6, features=3, directions=1):
    """Small weights, no bias: nothing saturates."""
    rng = np.random.default_rng(0)
    return random_weights(kind, rng, hidden, features, directions, scale=0.05, bias=0.0)


def test_bias_closes_and_opens(tmp_path):
    w = quiet()
    w["B"][0, 12 + 1] = -9.0
    w["B"][0, 12 + 4] = 9.0
    (cell,) = analysed(operator_model("LSTM", w), tmp_path).recurrent.cells
    forget = cell.gates["forget"]
    assert forget.closed.proven == (1,)
    assert forget.open.proven == (4,)
    assert forget.never == (0, 2, 3, 5)
    assert cell.input_range.source == "assumed"
    assert (cell.hidden_size, cell.input_size, cell.form) == (6, 3, "operator")
    assert 0 < forget.max_gradient < 0.1


def test_directions_are_judged_apart(tmp_path):
    w = quiet(directions=2)
    w["B"][1, 12] = -9.0
    cells = analysed(operator_model("LSTM", w, {"direction": "bidirectional"}), tmp_path).recurrent.cells
    assert [c.direction for c in cells] == ["forward", "reverse"]
    assert [c.gates["forget"].closed.proven for c in cells] == [(), (0,)]


def test_input_forget_reads_the_input_rows(tmp_path):
    w = quiet()
    w["B"][0, 2] = 9.0
    w["B"][0, 12 + 3] = -9.0
    (cell,) = analysed(operator_model("LSTM", w, {"input_forget": 1}), tmp_path).recurrent.cells
    assert cell.gates["forget"].closed.proven == (2,)


def test_clip_below_the_threshold_keeps_gates_alive(tmp_path):
    w = quiet()
    w["B"][0, 12] = -9.0
    (cell,) = analysed(operator_model("LSTM", w, {"clip": 2.5}), tmp_path).recurrent.cells
    assert cell.gates["forget"].closed.sure == ()
    assert cell.gates["forget"].closed.possible == ()


def test_weights_through_slices_and_concats(tmp_path):
    w = quiet(hidden=2)
    w["B"][0, 4] = -9.0
    model = operator_model("LSTM", w)
    graph = model.graph
    stored = {i.name: i for i in graph.initializer}
    left, right = w["R"][:, :5], w["R"][:, 5:]
    graph.initializer.remove(stored["R"])
    turned = np.ascontiguousarray(np.concatenate([right, left], 1).transpose(0, 2, 1))
    for name, value in {
        "turned": turned,
        "starts": np.array([0, 3]),
        "a": np.array([0]),
        "b": np.array([3]),
        "end": np.array([8]),
        "axis": np.array([1]),
    }.items():
        graph.initializer.append(numpy_helper.from_array(value, name))
    nodes = [
        helper.make_node("Transpose", ["turned"], ["straight"], perm=[0, 2, 1]),
        helper.make_node("Slice", ["straight", "b", "end", "axis"], ["lo"]),
        helper.make_node("Slice", ["straight", "a", "b", "axis"], ["hi"]),
        helper.make_node("Concat", ["lo", "hi"], ["R"], axis=1),
        *graph.node,
    ]
    del graph.node[:]
    graph.node.extend(nodes)
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert cell.analysed
    assert cell.gates["forget"].closed.proven == (0,)
    found = np.concatenate([cell.recurrence.R[q] for q in ("input", "output", "forget", "cell")])
    np.testing.assert_array_equal(found, w["R"][0])


def test_weights_that_are_inputs_are_named(tmp_path):
    w = quiet()
    model = operator_model("LSTM", w)
    stored = next(i for i in model.graph.initializer if i.name == "R")
    model.graph.initializer.remove(stored)
    model.graph.input.append(helper.make_tensor_value_info("R", TensorProto.FLOAT, [1, 24, 6]))
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert not cell.analysed
    assert "'R' is an input" in cell.reason


def test_nan_in_weights_is_a_reason(tmp_path):
    w = quiet()
    w["R"][0, 0, 0] = np.nan
    (cell,) = analysed(operator_model("LSTM", w), tmp_path).recurrent.cells
    assert not cell.analysed
    assert "NaN" in cell.reason


@pytest.mark.parametrize(("high", "units"), [(1.0, (0,)), (5.0, ())], ids=["narrow", "wide"])
def test_configured_range_decides_the_proof(tmp_path, high, units):
    w = quiet(features=1)
    w["W"][0, 12] = 2.0
    w["B"][0, 12] = -6.0
    ranges = {"X": Interval(0.0, high, "configured")}
    (cell,) = analysed(operator_model("LSTM", w), tmp_path, input_ranges=ranges).recurrent.cells
    assert cell.gates["forget"].closed.proven == units
    assert cell.input_range.source == "configured"


def test_embedding_rows_are_exact(tmp_path):
    w = quiet(features=2)
    w["W"][0, 12] = [5.0, -5.0]
    w["B"][0, 12] = -5.0
    model = operator_model("LSTM", w)
    # on each row the two features cancel; on the box of the table they do not
    table = np.array([[1, 1], [-1, -1], [0.5, 0.5]], np.float32)
    model.graph.initializer.append(numpy_helper.from_array(table, "table"))
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("tokens", TensorProto.INT64, ["T", "N"]))
    model.graph.node.insert(0, helper.make_node("Gather", ["table", "tokens"], ["X"]))
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert cell.input_range.source == "embedding"
    assert cell.gates["forget"].closed.proven == (0,)


def test_precision_decides_what_is_exact(tmp_path):
    w = quiet()
    w["B"][0, 12:15] = [7.0, 9.5, 19.0]
    (cell,) = analysed(operator_model("LSTM", w), tmp_path).recurrent.cells
    assert cell.gates["forget"].exact == (2,)
    half = {k: v.astype(np.float16) for k, v in w.items()}
    (cell,) = analysed(operator_model("LSTM", half), tmp_path).recurrent.cells
    assert cell.gates["forget"].exact == (1, 2)
