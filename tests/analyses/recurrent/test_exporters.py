"""Cells as exporters write them: tf2onnx's masked loops, Paddle's carried weights, reversed sequences."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from archlint.api import Calibration, read_calibration
from tests.analyses.recurrent.cells import analysed, operator_model, random_weights
from tests.analyses.recurrent.test_decomposed import D, N, Spelt, node, same_as_onnxruntime, value

INT, BOOL = TensorProto.INT64, TensorProto.BOOL


def scalar(name, dtype):
    info = value(name, dtype=dtype)
    info.type.tensor_type.shape.SetInParent()
    return info


def loop(spelt, states, made, carried=()):
    """A Loop of three trips around the nodes of ``spelt``; ``carried`` weights are handed round unchanged."""
    spelt.add("Identity", ["cond"], "go")
    spelt.add("Identity", [made[0]], "out")
    inside = {w: f"{w}_in" for w in carried}
    for n in spelt.nodes:
        for i, name in enumerate(n.input):
            n.input[i] = inside.get(name, name)
    body = helper.make_graph(
        spelt.nodes,
        "body",
        [scalar("iter", INT), scalar("cond", BOOL), *(value(s, 2, N) for s in states)]
        + [value(n, *spelt.weights[w].shape) for w, n in inside.items()],
        [scalar("go", BOOL), *(value(m, 2, N) for m in made)]
        + [value(n, *spelt.weights[w].shape) for w, n in inside.items()]
        + [value("out", 2, N)],
    )
    spelt.weights |= {"trips": np.array(3), "yes": np.array(True)}
    outputs = [f"last_{k}" for k in range(len(states) + len(inside))]
    given = ["trips", "yes", *("zero" for _ in states), *inside]
    return node("Loop", given, [*outputs, "Y"], body=body)


@pytest.mark.parametrize("where", [True, False], ids=["where", "cast"])
def test_masked_loops_keep_their_state(where, tmp_path):
    spelt = Spelt()
    spelt.add("Gather", ["X", "iter"], "xt", axis=0)
    spelt.add("Gather", ["mask", "iter"], "on", axis=0)
    h, c = spelt.lstm("xt", "hin", "cin", 0)
    if where:
        made = [spelt.add("Where", ["on", new, old], f"{old}_kept") for new, old in ((h, "hin"), (c, "cin"))]
    else:
        made = []
        for new, old in ((h, "hin"), (c, "cin")):
            spelt.add("Not", ["on"], f"{old}_off")
            spelt.add("Cast", ["on"], f"{old}_m", to=1)
            spelt.add("Cast", [f"{old}_off"], f"{old}_n", to=1)
            spelt.add("Mul", [f"{old}_m", new], f"{old}_new")
            spelt.add("Mul", [old, f"{old}_n"], f"{old}_old")
            made.append(spelt.add("Add", [f"{old}_new", f"{old}_old"], f"{old}_kept"))
    spelt.weights["mask"] = np.ones((3, 2, 1), bool)
    model = spelt.model([value("X", 3, 2, D)], ["Y"], [loop(spelt, ("hin", "cin"), made)])
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert (cell.op, cell.reason, cell.input_size) == ("LSTM", None, D)
    same_as_onnxruntime(model, cell)


def test_weights_and_states_that_a_loop_hands_round(tmp_path):
    """Paddle's exporter carries every weight through the Loop and copies states by adding 0."""
    spelt = Spelt()
    spelt.add("Gather", ["X", "iter"], "xt", axis=0)
    h = spelt.gru("xt", "hin", 0)
    spelt.weights["nothing"] = np.zeros(1, np.float32)
    spelt.add("Add", [h, "nothing"], "copied")
    made = loop(spelt, ("hin",), ("copied",), carried=("WG", "RG", "bG"))
    model = spelt.model([value("X", 3, 2, D)], ["Y"], [made])
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert (cell.op, cell.reason, cell.input_size) == ("GRU", None, D)
    same_as_onnxruntime(model, cell)


def reversed_steps():
    spelt = Spelt()
    h = c = "zero"
    for t in (2, 1, 0):
        spelt.weights[f"at{t}"] = np.array(t)
        spelt.add("Gather", ["X", f"at{t}"], f"x{t}", axis=0)
        h, c = spelt.lstm(f"x{t}", h, c, t)
    return spelt.model([value("X", 3, 2, D)], [h])


def reversed_scan(turned):
    spelt = Spelt()
    h, c = spelt.lstm("xt", "hin", "cin", 0)
    spelt.add("Identity", [h], "out")
    states = [value("hin", 2, N), value("cin", 2, N), value("xt", 2, D)]
    body = helper.make_graph(
        spelt.nodes, "body", states, [value(h, 2, N), value(c, 2, N), value("out", 2, N)]
    )
    before = []
    attrs = {"scan_input_directions": [1]}
    source = "X"
    if turned:
        spelt.weights["lengths"] = np.array([3, 3])
        before = [node("ReverseSequence", ["X", "lengths"], ["turned"], time_axis=0, batch_axis=1)]
        attrs, source = {}, "turned"
    names = ["zero", "zero", source]
    scan = node("Scan", names, ["hT", "cT", "Y"], body=body, num_scan_inputs=1, **attrs)
    return spelt.model([value("X", 3, 2, D)], ["Y"], [*before, scan])


@pytest.mark.parametrize(
    "model",
    [reversed_steps(), reversed_scan(False), reversed_scan(True)],
    ids=["unrolled", "scan-direction", "reverse-sequence"],
)
def test_cells_that_start_at_the_end_are_reverse(model, tmp_path):
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert (cell.reason, cell.direction) == (None, "reverse")


def test_calibration_of_a_reversed_cell_reads_from_the_end(tmp_path):
    x = np.random.default_rng(0).normal(size=(3, 2, D)).astype(np.float32)
    seen = []
    for model in (reversed_scan(False), reversed_scan(True)):
        path = tmp_path / "data.npz"
        np.savez(path, X=x)
        (cell,) = analysed(model, tmp_path, calibration=read_calibration(path)).recurrent.cells
        assert cell.uncalibrated is None
        seen.append(cell.gates["forget"].measured)
    np.testing.assert_allclose(seen[0].lo, seen[1].lo)
    np.testing.assert_allclose(seen[0].hi, seen[1].hi)


def test_relu_cells_spelt_out(tmp_path):
    spelt = Spelt()
    model = spelt.unrolled(spelt.rnn, states=1)
    for n in model.graph.node:
        if n.op_type == "Tanh":
            n.op_type = "Relu"
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert (cell.op, cell.count, cell.reason) == ("RNN", 3, None)
    same_as_onnxruntime(model, cell)


def test_a_scaled_embedding_is_no_weight_of_the_cell(tmp_path):
    """Two cells that read one embedding, times the root of its width, are two."""
    first, second = Spelt(0), Spelt(1)
    nodes, stored = [], {"table": np.eye(4, D, dtype=np.float32), "root": np.array(1.7, np.float32)}
    nodes += [node("Gather", ["table", "X"], ["rows"]), node("Mul", ["rows", "root"], ["scaled"])]
    for k, spelt in enumerate((first, second)):
        h = c = "zero"
        for t in range(2):
            spelt.weights[f"at{t}"] = np.array(t)
            spelt.add("Gather", ["scaled", f"at{t}"], f"x{t}", axis=0)
            h, c = spelt.lstm(f"x{t}", h, c, t)
        for n in spelt.nodes:
            for names in (n.input, n.output):
                names[:] = [m if m == "scaled" else f"{m}_{k}" for m in names]
        nodes += spelt.nodes
        stored |= {f"{n}_{k}": w for n, w in spelt.weights.items()}
    graph = helper.make_graph(
        nodes,
        "g",
        [value("X", 2, 2, dtype=INT)],
        [value("h1_0"), value("h1_1")],
        [numpy_helper.from_array(np.array(w, order="C"), n) for n, w in stored.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    cells = analysed(model, tmp_path).recurrent.cells
    assert [(c.count, c.reason) for c in cells] == [(2, None), (2, None)]


def in_a_branch(taken):
    """An LSTM that reads 4 x, in the branch that ``taken`` chooses."""
    weights = random_weights("LSTM", np.random.default_rng(0), 4, 3, scale=0.1, bias=0.0)
    inner = operator_model("LSTM", weights)
    inner.graph.node[0].input[0] = "quadruple"
    nodes = [node("Mul", ["X", "four"], ["quadruple"]), *inner.graph.node]
    branch = helper.make_graph(nodes, "branch", [], [value("Y")])
    other = helper.make_graph([node("Identity", ["X"], ["same"])], "other", [], [value("same")])
    choose = node("If", ["flag"], ["out"], then_branch=branch, else_branch=other)
    four = numpy_helper.from_array(np.array(4.0, np.float32), "four")
    inputs = [value("X", "T", "B", 3), helper.make_tensor_value_info("flag", BOOL, [])]
    stored = [*inner.graph.initializer, four]
    graph = helper.make_graph([choose], "g", inputs, [value("out")], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model, np.array(taken)


@pytest.mark.parametrize("taken", [True, False])
def test_calibration_reaches_into_branches(taken, tmp_path):
    model, flag = in_a_branch(taken)
    x = np.random.default_rng(1).uniform(-1, 1, (30, 4, 3)).astype(np.float32)
    np.savez(tmp_path / "data.npz", X=x, flag=flag)
    analysis = analysed(model, tmp_path, calibration=read_calibration(tmp_path / "data.npz"))
    (cell,) = analysis.recurrent.cells
    assert analysis.recurrent.calibration_problem is None
    if taken:
        assert cell.uncalibrated is None
        assert cell.gates["forget"].measured.steps == 120
        np.testing.assert_allclose([cell.input_range.lo, cell.input_range.hi], [4 * x.min(), 4 * x.max()])
    else:
        assert "does not reach" in cell.uncalibrated


def test_calibration_reaches_into_loops(tmp_path):
    weights = random_weights("LSTM", np.random.default_rng(0), 4, 3, scale=0.1, bias=0.0)
    inner = operator_model("LSTM", weights)
    inner.graph.node[0].input[0] = "louder"
    body = helper.make_graph(
        [
            node("Cast", ["iter"], ["times"], to=1),
            node("Mul", ["X", "times"], ["louder"]),
            *inner.graph.node,
            node("Identity", ["cond"], ["go"]),
        ],
        "body",
        [scalar("iter", INT), scalar("cond", BOOL)],
        [scalar("go", BOOL), value("Y")],
    )
    trips = numpy_helper.from_array(np.array(3), "trips")
    around = node("Loop", ["trips", ""], ["all"], body=body)
    stored = [*inner.graph.initializer, trips]
    graph = helper.make_graph([around], "g", [value("X", 40, 2, 3)], [value("all")], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    np.savez(tmp_path / "data.npz", X=np.ones((40, 2, 3), np.float32))
    analysis = analysed(model, tmp_path, calibration=read_calibration(tmp_path / "data.npz"))
    (cell,) = analysis.recurrent.cells
    assert cell.gates["forget"].measured.steps == 3 * 40 * 2
    assert (cell.input_range.lo, cell.input_range.hi) == (0.0, 2.0)


def test_few_steps_are_said_to_be_few(tmp_path):
    weights = random_weights("LSTM", np.random.default_rng(0), 4, 3)
    data = Calibration({"X": np.zeros((4, 2, 3), np.float32)})
    (cell,) = analysed(operator_model("LSTM", weights), tmp_path, calibration=data).recurrent.cells
    assert any("only 8 steps" in note for note in cell.notes)


def test_pairs_of_quantize_and_dequantize_are_seen_through(tmp_path):
    """QDQ puts a pair on every tensor between the operators, the new memory's tanh included."""
    spelt = Spelt()
    plain = spelt.unrolled(spelt.lstm)
    nodes = []
    for n in plain.graph.node:
        nodes.append(n)
        if n.op_type in {"Tanh", "Sigmoid", "Add"}:
            out = n.output[0]
            n.output[0] = f"{out}_raw"
            nodes.append(node("QuantizeLinear", [f"{out}_raw", "step", "origin"], [f"{out}_q"]))
            nodes.append(node("DequantizeLinear", [f"{out}_q", "step", "origin"], [out]))
    spelt.weights |= {"step": np.array(0.05, np.float32), "origin": np.array(0, np.int8)}
    model = spelt.model([value("X", 3, 2, D)], ["Y"], nodes)
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert (cell.op, cell.count, cell.reason) == ("LSTM", 3, None)
    assert "quantised activations are taken as exact" in cell.notes
    np.testing.assert_allclose(cell.recurrence.R["forget"], spelt.weights["R"][:, N : 2 * N].T)
