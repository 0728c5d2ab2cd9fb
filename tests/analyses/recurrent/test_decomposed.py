"""Cells spelt out in simple operators: unrolled, in Scan, Loop, If and functions, quantised."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from archlint.analyses.recurrent.rollout import simulate
from tests.analyses.recurrent.cells import analysed

N, D = 5, 3
node = helper.make_node


def value(name, *shape, dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape or None)


class Spelt:
    """Nodes of unrolled cells, with the gate order and the layout of the one who wrote them."""

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        self.weights: dict[str, np.ndarray] = {
            "W": rng.normal(0, 0.4, (D, 4 * N)).astype(np.float32),
            "R": rng.normal(0, 0.4, (N, 4 * N)).astype(np.float32),
            "b": rng.normal(0, 0.4, 4 * N).astype(np.float32),
            "zero": np.zeros((2, N), np.float32),
            "one": np.ones((), np.float32),
            "parts": np.full(4, N, np.int64),
        }
        self.nodes: list[onnx.NodeProto] = []

    def add(self, op, inputs, output, **attrs):
        self.nodes.append(node(op, inputs, [output] if isinstance(output, str) else output, **attrs))
        return output

    def lstm(self, x, h, c, t, *, joined=False, coupled=False):
        """A step in torch's order i f g o; returns the names of h and c."""
        if joined:
            self.weights["WR"] = np.concatenate([self.weights["W"], self.weights["R"]])
            self.add("Concat", [x, h], f"xh{t}", axis=-1)
            self.add("Gemm", [f"xh{t}", "WR", "b"], f"z{t}")
        else:
            self.add("MatMul", [x, "W"], f"wx{t}")
            self.add("MatMul", [h, "R"], f"rh{t}")
            self.add("Add", [f"wx{t}", "b"], f"wb{t}")
            self.add("Add", [f"rh{t}", f"wb{t}"], f"z{t}")
        self.add("Split", [f"z{t}", "parts"], [f"{q}z{t}" for q in "ifgo"], axis=-1)
        for q, op in zip("ifgo", ("Sigmoid", "Sigmoid", "Tanh", "Sigmoid"), strict=True):
            self.add(op, [f"{q}z{t}"], f"{q}{t}")
        if coupled:
            self.add("Sub", ["one", f"i{t}"], f"k{t}")
        self.add("Mul", [f"{'k' if coupled else 'f'}{t}", c], f"fc{t}")
        self.add("Mul", [f"i{t}", f"g{t}"], f"ig{t}")
        self.add("Add", [f"fc{t}", f"ig{t}"], f"c{t}")
        self.add("Tanh", [f"c{t}"], f"tc{t}")
        self.add("Mul", [f"o{t}", f"tc{t}"], f"h{t}")
        return f"h{t}", f"c{t}"

    def gru(self, x, h, t, *, after=True):
        """A step of torch's GRUCell (reset after the product), or of the older form."""
        cut = {"WG": self.weights["W"][:, : 3 * N], "RG": self.weights["R"][:, : 3 * N]}
        self.weights |= {**cut, "bG": self.weights["b"][: 3 * N], "three": np.full(3, N, np.int64)}
        self.add("Gemm", [x, "WG", "bG"], f"wx{t}")
        self.add("Split", [f"wx{t}", "three"], [f"{q}x{t}" for q in "rzn"], axis=1)
        self.add("Gemm", [h, "RG", "bG"], f"hr{t}")
        self.add("Split", [f"hr{t}", "three"], [f"{q}h{t}" for q in "rzn"], axis=1)
        for q in "rz":
            self.add("Add", [f"{q}x{t}", f"{q}h{t}"], f"{q}a{t}")
            self.add("Sigmoid", [f"{q}a{t}"], f"{q}{t}")
        if after:
            self.add("Mul", [f"r{t}", f"nh{t}"], f"rn{t}")
        else:
            self.weights["RN"] = self.weights["R"][:, 2 * N : 3 * N]
            self.add("Mul", [f"r{t}", h], f"rr{t}")
            self.add("MatMul", [f"rr{t}", "RN"], f"rn{t}")
        self.add("Add", [f"nx{t}", f"rn{t}"], f"na{t}")
        self.add("Tanh", [f"na{t}"], f"n{t}")
        if after:
            self.add("Sub", [h, f"n{t}"], f"d{t}")
            self.add("Mul", [f"d{t}", f"z{t}"], f"dz{t}")
            self.add("Add", [f"dz{t}", f"n{t}"], f"h{t}")
        else:
            self.add("Sub", ["one", f"z{t}"], f"k{t}")
            self.add("Mul", [f"k{t}", h], f"kh{t}")
            self.add("Mul", [f"z{t}", f"n{t}"], f"zn{t}")
            self.add("Add", [f"kh{t}", f"zn{t}"], f"h{t}")
        return f"h{t}"

    def rnn(self, x, h, t):
        self.weights["WS"], self.weights["RS"] = self.weights["W"][:, :N], self.weights["R"][:, :N]
        self.add("MatMul", [x, "WS"], f"wx{t}")
        self.add("MatMul", [h, "RS"], f"rh{t}")
        self.add("Add", [f"wx{t}", f"rh{t}"], f"z{t}")
        self.add("Tanh", [f"z{t}"], f"h{t}")
        return f"h{t}"

    def unrolled(self, step, steps=3, states=2):
        state = ("zero",) * states
        for t in range(steps):
            self.weights[f"at{t}"] = np.array(t)
            self.add("Gather", ["X", f"at{t}"], f"x{t}", axis=0)
            made = step(f"x{t}", *state, t)
            state = made if isinstance(made, tuple) else (made,)
        self.weights["axis"] = np.array([0])
        for t in range(steps):
            self.add("Unsqueeze", [f"h{t}", "axis"], f"u{t}")
        self.add("Concat", [f"u{t}" for t in range(steps)], "Y", axis=0)
        return self.model([value("X", steps, 2, D)], ["Y"])

    def stored(self):
        return [numpy_helper.from_array(np.array(w, order="C"), n) for n, w in self.weights.items()]

    def model(self, inputs, outputs, nodes=None, functions=()):
        graph = helper.make_graph(
            self.nodes if nodes is None else nodes, "g", inputs, [value(n) for n in outputs], self.stored()
        )
        opsets = [helper.make_opsetid("", 17), *(helper.make_opsetid(f.domain, 1) for f in functions)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=list(functions))


def same_as_onnxruntime(model, cell, steps=3):
    """The cell's weights give what the model gives."""
    x = np.random.default_rng(3).normal(size=(steps, 2, D)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = session.run(None, {"X": x})[0]
    ours = np.stack([m.h for m in simulate(cell.recurrence, x)])
    np.testing.assert_allclose(ours if expected.ndim == 3 else ours[-1], expected, atol=2e-6)


UNROLLED = {
    "lstm": ("LSTM", 2, lambda s: s.lstm),
    "lstm-joined": ("LSTM", 2, lambda s: lambda *a: s.lstm(*a, joined=True)),
    "lstm-coupled": ("LSTM", 2, lambda s: lambda *a: s.lstm(*a, coupled=True)),
    "gru-after": ("GRU", 1, lambda s: s.gru),
    "gru-before": ("GRU", 1, lambda s: lambda *a: s.gru(*a, after=False)),
    "rnn": ("RNN", 1, lambda s: s.rnn),
}


@pytest.mark.parametrize("case", list(UNROLLED))
def test_unrolled_cells_are_one_cell_with_the_right_weights(case, tmp_path):
    op, states, step = UNROLLED[case]
    spelt = Spelt()
    model = spelt.unrolled(step(spelt), states=states)
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert (cell.op, cell.form, cell.count, cell.reason) == (op, "decomposed", 3, None)
    assert (cell.hidden_size, cell.input_size) == (N, D)
    same_as_onnxruntime(model, cell)


def test_the_forget_gate_is_found_by_dataflow(tmp_path):
    spelt = Spelt()
    spelt.weights["b"][N + 2] = -30.0
    (cell,) = analysed(spelt.unrolled(spelt.lstm), tmp_path).recurrent.cells
    assert cell.gates["forget"].closed.proven == (2,)
    assert cell.gates["input"].closed.proven == ()


def test_two_layers_are_two_cells(tmp_path):
    below, above = Spelt(0), Spelt(1)
    h = c = g = d = "zero"
    for t in range(2):
        below.weights[f"at{t}"] = np.array(t)
        below.add("Gather", ["X", f"at{t}"], f"x{t}", axis=0)
        h, c = below.lstm(f"x{t}", h, c, t)
        g, d = above.lstm(h, g, d, t + 10)
    above.weights["W"] = np.random.default_rng(2).normal(size=(N, 4 * N)).astype(np.float32)
    own = {"W": "W2", "R": "R2", "b": "b2"}
    for made in above.nodes:
        for i, name in enumerate(made.input):
            made.input[i] = own.get(name, name)
    below.weights |= {own[k]: above.weights[k] for k in own}
    order = {n.output[0]: n for n in [*below.nodes, *above.nodes]}
    model = below.model([value("X", 2, 2, D)], [g], list(order.values()))
    cells = analysed(model, tmp_path).recurrent.cells
    assert sorted((c.count, c.input_size, c.hidden_size) for c in cells) == [(2, D, N), (2, N, N)]


def test_scan_body(tmp_path):
    spelt = Spelt()
    h, c = spelt.lstm("xt", "hin", "cin", 0)
    spelt.add("Identity", [h], "out")
    body = helper.make_graph(
        spelt.nodes,
        "body",
        [value("hin", 2, N), value("cin", 2, N), value("xt", 2, D)],
        [value(h, 2, N), value(c, 2, N), value("out", 2, N)],
    )
    scan = node("Scan", ["zero", "zero", "X"], ["hT", "cT", "Y"], body=body, num_scan_inputs=1)
    model = spelt.model([value("X", 3, 2, D)], ["Y"], [scan])
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert (cell.op, cell.reason, cell.input_size) == ("LSTM", None, D)
    assert cell.scope != ()
    same_as_onnxruntime(model, cell)


def test_loop_body_that_gathers_its_step(tmp_path):
    spelt = Spelt()
    spelt.add("Gather", ["X", "iter"], "xt", axis=0)
    h = spelt.gru("xt", "hin", 0)
    spelt.add("Identity", ["cond"], "go")
    spelt.add("Identity", [h], "out")
    body = helper.make_graph(
        spelt.nodes,
        "body",
        [value("iter", dtype=TensorProto.INT64), value("cond", dtype=TensorProto.BOOL), value("hin", 2, N)],
        [value("go", dtype=TensorProto.BOOL), value(h, 2, N), value("out", 2, N)],
    )
    for i in (0, 1):
        body.input[i].type.tensor_type.shape.SetInParent()
    body.output[0].type.tensor_type.shape.SetInParent()
    spelt.weights |= {"trips": np.array(3), "yes": np.array(True)}
    loop = node("Loop", ["trips", "yes", "zero"], ["hT", "Y"], body=body)
    model = spelt.model([value("X", 3, 2, D)], ["Y"], [loop])
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert (cell.op, cell.reason, cell.count) == ("GRU", None, 1)
    same_as_onnxruntime(model, cell)


def test_inside_a_branch(tmp_path):
    spelt = Spelt()
    outer = spelt.unrolled(spelt.lstm)
    branch = helper.make_graph(list(outer.graph.node), "branch", [], [value("Y")])
    other = helper.make_graph([node("Identity", ["X"], ["same"])], "other", [], [value("same")])
    choose = node("If", ["flag"], ["out"], name="choose", then_branch=branch, else_branch=other)
    inputs = [value("X", 3, 2, D), helper.make_tensor_value_info("flag", TensorProto.BOOL, [])]
    (cell,) = analysed(spelt.model(inputs, ["out"], [choose]), tmp_path).recurrent.cells
    assert (cell.op, cell.count, cell.reason) == ("LSTM", 3, None)
    assert cell.scope == ("choose", "then_branch")


def test_steps_as_function_calls(tmp_path):
    spelt = Spelt()
    spelt.weights = {k: v for k, v in spelt.weights.items() if k != "one"}
    h, c = spelt.lstm("x", "h", "c", 0)
    names = ["x", "h", "c", "W", "R", "b", "parts"]
    function = helper.make_function("own", "Step", names, [h, c], spelt.nodes, [helper.make_opsetid("", 17)])
    calls, state = [], ("zero", "zero")
    for t in range(3):
        spelt.weights[f"at{t}"] = np.array(t)
        calls.append(node("Gather", ["X", f"at{t}"], [f"x{t}"], axis=0))
        made = (f"H{t}", f"C{t}")
        calls.append(node("Step", [f"x{t}", *state, "W", "R", "b", "parts"], made, domain="own"))
        state = made
    model = spelt.model([value("X", 3, 2, D)], ["H2"], calls, [function])
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert (cell.op, cell.count, cell.reason) == ("LSTM", 3, None)
    same_as_onnxruntime(model, cell, 3)


def test_one_streamed_step(tmp_path):
    spelt = Spelt()
    h, c = spelt.lstm("x", "h_in", "c_in", 0)
    model = spelt.model([value("x", 2, D), value("h_in", 2, N), value("c_in", 2, N)], [h, c])
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert (cell.op, cell.reason, cell.input_size) == ("LSTM", None, D)
    assert "the initial c can be anything" in cell.notes


def test_weights_from_outside_are_a_reason(tmp_path):
    spelt = Spelt()
    model = spelt.unrolled(spelt.lstm)
    stored = next(i for i in model.graph.initializer if i.name == "R")
    model.graph.initializer.remove(stored)
    model.graph.input.append(value("R", N, 4 * N))
    (cell,) = analysed(model, tmp_path).recurrent.cells
    assert not cell.analysed
    assert cell.reason


def test_what_only_looks_like_a_cell_is_none(tmp_path):
    # a highway layer mixes by a gate, and a gated product feeds a tanh: neither has a state
    spelt = Spelt()
    spelt.weights |= {"V": np.eye(D, dtype=np.float32)}
    spelt.add("MatMul", ["X", "V"], "z")
    spelt.add("Sigmoid", ["z"], "s")
    spelt.add("Tanh", ["z"], "t")
    spelt.add("Sub", ["one", "s"], "k")
    spelt.add("Mul", ["s", "t"], "a")
    spelt.add("Mul", ["k", "X"], "b2")
    spelt.add("Add", ["a", "b2"], "Y")
    assert analysed(spelt.model([value("X", 4, D)], ["Y"]), tmp_path).recurrent.cells == []


def test_dynamically_quantised_products(tmp_path):
    spelt = Spelt()
    rng = np.random.default_rng(4)
    packed = {k: rng.integers(-100, 100, spelt.weights[k].shape).astype(np.int8) for k in "WR"}
    spelt.weights |= {f"{k}q": v for k, v in packed.items()} | {
        f"{k}s": np.array(0.01, np.float32) for k in "WR"
    }
    spelt.weights["point"] = np.array(3, np.int8)

    def product(x, k, out):
        spelt.add("DynamicQuantizeLinear", [x], [f"q{out}", f"s{out}", f"p{out}"])
        spelt.add("MatMulInteger", [f"q{out}", f"{k}q", f"p{out}", "point"], f"i{out}")
        spelt.add("Cast", [f"i{out}"], f"f{out}", to=TensorProto.FLOAT)
        spelt.add("Mul", [f"s{out}", f"{k}s"], f"ss{out}")
        spelt.add("Mul", [f"f{out}", f"ss{out}"], out)

    h = c = "zero"
    for t in range(2):
        spelt.weights[f"at{t}"] = np.array(t)
        spelt.add("Gather", ["X", f"at{t}"], f"x{t}", axis=0)
        made = Spelt()
        h2, c2 = made.lstm(f"x{t}", h, c, t)
        product(f"x{t}", "W", f"wx{t}")
        product(h, "R", f"rh{t}")
        spelt.nodes += [n for n in made.nodes if n.op_type != "MatMul"]
        h, c = h2, c2
    (cell,) = analysed(spelt.model([value("X", 2, 2, D)], [h]), tmp_path).recurrent.cells
    assert (cell.op, cell.count, cell.reason) == ("LSTM", 2, None)
    expected = (packed["R"].astype(np.float32) - 3) * np.float32(0.01)
    np.testing.assert_allclose(cell.recurrence.R["forget"], expected[:, N : 2 * N].T, rtol=1e-6)
