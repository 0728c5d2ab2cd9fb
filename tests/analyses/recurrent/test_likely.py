"""The likely tier: what a run shows, under inputs that may be wider, and through layers below."""

from __future__ import annotations

import math

import numpy as np
import pytest
from onnx import helper, numpy_helper

from tests.analyses.recurrent.cells import GATES, analysed, operator_model, random_weights

N = 48


def orthogonal(rng, n):
    return np.linalg.qr(rng.normal(size=(n, n)))[0]


def torch_default(rng, kind, d):
    k = 1 / math.sqrt(N)
    rows = GATES[kind] * N
    shapes = {"W": (1, rows, d), "R": (1, rows, N), "B": (1, 2 * rows)}
    return {q: rng.uniform(-k, k, s) for q, s in shapes.items()}


def keras_default(rng, kind, d):
    """Glorot-uniform W, orthogonal R, no bias but a forget bias of 1."""
    count = GATES[kind]
    limit = math.sqrt(6 / (d + count * N))
    bias = np.zeros((1, 2 * count * N))
    if kind == "LSTM":
        bias[0, 2 * N : 3 * N] = 1.0
    return {
        "W": rng.uniform(-limit, limit, (1, count * N, d)),
        "R": np.concatenate([orthogonal(rng, N) for _ in range(count)])[None],
        "B": bias,
    }


def forget_bias(value):
    def made(rng, kind, d):
        weights = torch_default(rng, kind, d)
        weights["B"][0, 2 * N : 3 * N], weights["B"][0, 6 * N : 7 * N] = value, 0.0
        return weights

    return made


def chrono(steps):
    """b_f = ln U(1, T - 1), b_i = -b_f (Tallec and Ollivier 2018)."""

    def made(rng, kind, d):
        weights = torch_default(rng, kind, d)
        keep = np.log(rng.uniform(1, steps - 1, N))
        weights["B"][0, 2 * N : 3 * N], weights["B"][0, :N] = keep, -keep
        return weights

    return made


QUIET = {
    "torch-lstm": ("LSTM", torch_default),
    "torch-gru": ("GRU", torch_default),
    "torch-rnn": ("RNN", torch_default),
    "keras-lstm": ("LSTM", keras_default),
    "keras-gru": ("GRU", keras_default),
    "forget-bias-1": ("LSTM", forget_bias(1.0)),
    "forget-bias-2": ("LSTM", forget_bias(2.0)),
    "forget-bias-3": ("LSTM", forget_bias(3.0)),
    "chrono-20": ("LSTM", chrono(20)),
}


def fresh(case, features=12, seed=0):
    kind, made = case
    weights = made(np.random.default_rng(seed), kind, features)
    return operator_model(kind, {k: w.astype(np.float32) for k, w in weights.items()})


@pytest.mark.parametrize("name", QUIET)
@pytest.mark.parametrize("features", [2, 40])
def test_fresh_cells_are_not_flagged(name, features, tmp_path):
    (cell,) = analysed(fresh(QUIET[name], features), tmp_path).recurrent.cells
    for gate in cell.gates.values():
        assert gate.closed.sure == gate.open.sure == (), gate.name


def test_a_forget_bias_of_five_is_open_as_information(tmp_path):
    from archlint.api import check

    analysis = analysed(fresh(("LSTM", forget_bias(5.0)), 2), tmp_path)
    (cell,) = analysis.recurrent.cells
    assert len(cell.gates["forget"].open.sure) > 0.9 * N
    found = [f for f in check(analysis) if f.code == "RNN001"]
    assert [f.severity for f in found] == ["info"]


@pytest.mark.parametrize(("alarm", "likely"), [(4.0, ()), (15.0, (0,))], ids=["within-reach", "out-of-reach"])
def test_likely_holds_for_wider_inputs_too(alarm, likely, tmp_path):
    # unit 1 remembers that the sum of x exceeded `alarm` deviations, and opens unit 0 from then on: N(0, 1)
    # hardly ever exceeds 4, but three times as wide it soon does
    weights = {"W": np.zeros((1, 8, 400)), "R": np.zeros((1, 8, 2)), "B": np.zeros((1, 16))}
    weights["W"][0, 1], weights["B"][0, 1] = 1.0, -20.0 * alarm  # the input gate of unit 1
    weights["B"][0, 3] = 10.0  # its output gate is open,
    weights["B"][0, 5] = 10.0  # its memory kept,
    weights["B"][0, 7] = 3.0  # and 1 is what it writes
    weights["B"][0, 4], weights["R"][0, 4, 1] = -6.0, 12.0  # the forget gate of unit 0
    model = operator_model("LSTM", {k: w.astype(np.float32) for k, w in weights.items()})
    (cell,) = analysed(model, tmp_path).recurrent.cells
    closed = cell.gates["forget"].closed
    assert (closed.proven, closed.likely) == ((), likely)


def stacked(transposed):
    """Two layers: the first hardly opens its output, so the second one's forget gates rest where they are."""
    rng = np.random.default_rng(0)
    layers = [random_weights("LSTM", rng, 4, 3, scale=0.1, bias=0.0) for _ in range(2)]
    layers[0]["B"][0, 4:8] = -6.0
    layers[1]["W"] = np.zeros((1, 16, 4), np.float32)
    layers[1]["W"][0, 8:12] = 2.0
    layers[1]["B"][0, 8:12] = -5.0
    stored = {f"{k}{i}": w for i, weights in enumerate(layers) for k, w in weights.items()}
    first = helper.make_node("LSTM", ["X", "W0", "R0", "B0"], ["Y0"], hidden_size=4, name="first")
    axis = numpy_helper.from_array(np.array([1]), "axis")
    between = [helper.make_node("Squeeze", ["Y0", "axis"], ["M"])]
    if transposed:
        between.append(helper.make_node("Transpose", ["M"], ["MT"], perm=[1, 0, 2]))
        between.append(helper.make_node("Transpose", ["MT"], ["S"], perm=[1, 0, 2]))
    else:
        between.append(helper.make_node("Relu", ["M"], ["S"]))
    second = helper.make_node("LSTM", ["S", "W1", "R1", "B1"], ["Y1"], hidden_size=4, name="second")
    graph = helper.make_graph(
        [first, *between, second],
        "g",
        [helper.make_tensor_value_info("X", 1, ["T", "N", 3])],
        [helper.make_tensor_value_info("Y1", 1, None)],
        [axis, *(numpy_helper.from_array(np.array(w, order="C"), n) for n, w in stored.items())],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_a_layer_is_judged_on_what_the_one_below_gives(tmp_path):
    _, cell = analysed(stacked(transposed=True), tmp_path).recurrent.cells
    assert cell.drive.runs is not None
    assert cell.gates["forget"].closed.likely == (0, 1, 2, 3)
    assert cell.gates["forget"].closed.proven == ()


def test_what_changes_the_values_in_between_ends_it(tmp_path):
    _, cell = analysed(stacked(transposed=False), tmp_path).recurrent.cells
    assert cell.drive.runs is None
