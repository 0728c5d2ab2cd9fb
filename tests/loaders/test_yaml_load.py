"""YAML models that load: wiring, short keys, derived weights, constants."""

from __future__ import annotations

import pytest

from archlint.analyses.incremental import Incremental
from archlint.loaders.example import parse_example
from archlint.loaders.yaml import load_yaml


def load(text: str):
    return load_yaml("m.arch.yaml", text.encode(), Incremental)


def document(*layers: str, inputs: str = "{x: [N, 3, 32, 32]}", **more: str):
    lines = ["archlint: 1", *(f"{k}: {v}" for k, v in more.items()), f"inputs: {inputs}", "layers:"]
    return load("\n".join([*lines, *(f"  - {layer}" for layer in layers)]) + "\n")


def only(*layers: str, **more: str):
    model = document(*layers, **more)
    return model.graph.nodes[-1], {n.partition(".")[2]: w for n, w in model.graph.weights.items()}, model


CONV = "{op: Conv, out_channels: 8, kernel: 3"


@pytest.mark.parametrize(
    ("layer", "attrs", "shapes"),
    [
        pytest.param(CONV + "}", {"kernel_shape": (3, 3)}, {"W": (8, 3, 3, 3), "B": (8,)}, id="bias"),
        pytest.param(
            CONV + ", bias: false, pad: 1}",
            {"kernel_shape": (3, 3), "pads": (1, 1, 1, 1)},
            {"W": (8, 3, 3, 3)},
            id="pad-int",
        ),
        pytest.param(
            "{op: Conv2d, filters: 6, kernel: [3, 5], stride: [2, 1], pad: [1, 2], groups: 3}",
            {"kernel_shape": (3, 5), "strides": (2, 1), "pads": (1, 2, 1, 2), "group": 3},
            {"W": (6, 1, 3, 5), "B": (6,)},
            id="per-axis",
        ),
        pytest.param(
            CONV + ", pad: [0, 1, 2, 3], dilation: 2}",
            {"kernel_shape": (3, 3), "pads": (0, 1, 2, 3), "dilations": (2, 2)},
            {"W": (8, 3, 3, 3), "B": (8,)},
            id="pad-onnx-order",
        ),
        pytest.param(
            CONV + ", pad: same}",
            {"kernel_shape": (3, 3), "auto_pad": "SAME_UPPER"},
            {"W": (8, 3, 3, 3), "B": (8,)},
            id="same",
        ),
        pytest.param(
            "{op: Conv, out_channels: 8, kernel_shape: [1, 1], strides: [2, 2]}",
            {"kernel_shape": (1, 1), "strides": (2, 2)},
            {"W": (8, 3, 1, 1), "B": (8,)},
            id="onnx-attributes",
        ),
        pytest.param(
            "{op: Conv, weights: {W: [128, 512, 1, 1]}}", {}, {"W": (128, 512, 1, 1)}, id="explicit"
        ),
        pytest.param(
            "{op: ConvTranspose2d, out_channels: 4, kernel: 2, stride: 2}",
            {"kernel_shape": (2, 2), "strides": (2, 2)},
            {"W": (3, 4, 2, 2), "B": (4,)},
            id="transposed",
        ),
        pytest.param(
            "{op: MaxPool2d, kernel: 3}", {"kernel_shape": (3, 3), "strides": (3, 3)}, {}, id="pool-torch"
        ),
        pytest.param("{op: MaxPool, kernel: 3}", {"kernel_shape": (3, 3)}, {}, id="pool-onnx"),
        pytest.param(
            "{op: AvgPool2d, kernel: 2, stride: 1}",
            {"kernel_shape": (2, 2), "strides": (1, 1), "count_include_pad": 1},
            {},
            id="average",
        ),
        pytest.param("{op: AdaptiveAvgPool2d, output_size: 1}", {}, {}, id="global-average"),
        pytest.param(
            "{op: BatchNorm2d, eps: 0.001}",
            {"epsilon": 0.001},
            {"scale": (3,), "B": (3,), "input_mean": (3,), "input_var": (3,)},
            id="batch-norm",
        ),
        pytest.param("LayerNorm", {}, {"Scale": (32,), "B": (32,)}, id="layer-norm"),
        pytest.param("{op: Dropout, p: 0.5}", {}, {"ratio": ()}, id="dropout"),
        pytest.param("{op: Reshape, shape: [0, -1]}", {}, {"shape": (2,)}, id="constant-input"),
        pytest.param(
            "{op: Slice, starts: [0], ends: [2], axes: [1]}",
            {},
            {"starts": (1,), "ends": (1,), "axes": (1,)},
            id="slice",
        ),
        pytest.param("{op: Cast, to: float16}", {"to": 10}, {}, id="dtype-name"),
        pytest.param("{op: Softmax, axis: -1}", {"axis": -1}, {}, id="attribute"),
        pytest.param(
            "{op: ReduceMean, axes: [2, 3], keepdims: false}", {"keepdims": 0}, {"axes": (2,)}, id="axes"
        ),
    ],
)
def test_layer(layer, attrs, shapes):
    node, weights, _ = only(layer)
    assert node.attrs == attrs
    assert {k: w.shape for k, w in weights.items()} == shapes


@pytest.mark.parametrize(
    ("opset", "attrs", "inputs"),
    [("12", {"axes": (1,)}, ("x",)), ("13", {}, ("x", "squeeze_1.axes"))],
)
def test_a_name_is_an_attribute_or_an_input_by_opset(opset, attrs, inputs):
    node, _, _ = only("{op: Squeeze, axes: [1]}", opset=opset)
    assert node.attrs == attrs
    assert node.inputs == inputs


@pytest.mark.parametrize(
    ("op", "gates", "bias"), [("LSTM", 4, True), ("GRU", 3, True), ("RNN", 1, False)], ids=str
)
def test_recurrent_weights(op, gates, bias):
    layer = f"{{op: {op}, hidden_size: 5, direction: bidirectional, bias: {str(bias).lower()}}}"
    _, weights, _ = only(layer, inputs="{x: [T, N, 7]}")
    shapes = {"W": (2, gates * 5, 7), "R": (2, gates * 5, 5), **({"B": (2, gates * 10)} if bias else {})}
    assert {k: w.shape for k, w in weights.items()} == shapes


@pytest.mark.parametrize(
    ("shape", "ops", "weight"),
    [
        ("[N, 10]", ["Gemm"], (4, 10)),
        ("[N, T, 10]", ["MatMul", "Add"], (10, 4)),
        ("{dtype: float16}", ["MatMul", "Add"], None),
    ],
    ids=["matrix", "sequence", "unknown"],
)
def test_linear(shape, ops, weight):
    _, weights, model = only("{op: Linear, out_features: 4}", inputs=f"{{x: {shape}}}")
    assert [n.op_type for n in model.graph.nodes] == ops
    assert weights["W"].shape == weight if weight else "linear_1.W" in model.graph.inputs


def test_numbers_of_a_linear_layer_do_not_depend_on_its_lowering():
    layer = "{name: l, op: Linear, out_features: 2, init: {W: [[1, 2, 3], [4, 5, 6]]}}"
    flat = document(layer, inputs="{x: [N, 3]}").graph.weights["l.W"]
    long = document(layer, inputs="{x: [N, T, 3]}").graph.weights["l.W"]
    assert flat.array().tolist() == [[1, 2, 3], [4, 5, 6]]
    assert long.array().tolist() == [[1, 4], [2, 5], [3, 6]]


def test_wiring():
    model = document(
        "{name: a, op: Relu}",
        "{name: b, op: Split, num_outputs: 2, axis: 1}",
        "{name: c, op: Add, in: [b, 'b:1']}",
        "{name: d, op: LSTM, hidden_size: 4, in: -3}",
        "{name: e, op: Identity, in: d.Y_h}",
        "{name: f, op: Concat, axis: 0, in: [a, c, -1]}",
        outputs="[f, d.Y_c]",
    )
    graph = model.graph
    by_name = {n.name: n for n in graph.nodes}
    assert by_name["a"].inputs == ("x",)
    assert by_name["b"].outputs == ("b", "b:1")
    assert by_name["c"].inputs == ("b", "b:1")
    assert by_name["d"].inputs == ("a", "d.W", "d.R", "d.B")
    assert by_name["d"].outputs == ("d", "d:1", "d:2")
    assert by_name["e"].inputs == ("d:1",)
    assert by_name["f"].inputs == ("a", "c", "e")
    assert list(graph.outputs) == ["f", "d:2"]


def test_an_optional_input_is_left_out_with_null():
    node, _, _ = only("{op: LSTM, hidden_size: 4, in: [x, null, h0]}", inputs="{x: [T, N, 3], h0: [1, N, 4]}")
    assert node.inputs == ("x", "lstm_1.W", "lstm_1.R", "lstm_1.B", "", "h0")


def test_places():
    model = load("archlint: 1\ninputs: {x: [1]}\nlayers:\n  - Relu\n  - name: second\n    op: Tanh\n")
    assert [(n.name, n.line, n.column) for n in model.graph.nodes] == [("relu_1", 4, 5), ("second", 5, 5)]
    assert model.source.startswith("archlint: 1")
    assert model.format == "yaml"


def test_names_of_nameless_layers_avoid_those_that_are_taken():
    model = document("Relu", "{op: Relu, name: relu_2}", "Relu", "Tanh")
    assert [n.name for n in model.graph.nodes] == ["relu_1", "relu_2", "relu_3", "tanh_1"]


def test_gates_are_named_not_numbered():
    model = document(
        "{name: l, op: LSTM, hidden_size: 2, init: {W: zeros, R: 0, B: 9, U_f: 0.5, b_f: [1, 2], W_c: 3}}",
        inputs="{x: [T, N, 1]}",
    )
    w, r, b = (model.graph.weights[f"l.{k}"].array() for k in "WRB")
    assert w[0, :, 0].tolist() == [0, 0, 0, 0, 0, 0, 3, 3]
    assert r[0, :, 0].tolist() == [0, 0, 0, 0, 0.5, 0.5, 0, 0]
    # i, o, f, c of the input's half, then of the recurrent half; b_f is the sum of both
    assert b[0].tolist() == [9, 9, 9, 9, 1, 2, 9, 9, 9, 9, 9, 9, 0, 0, 9, 9]


def test_init_is_deterministic_and_depends_on_the_name():
    layers = [
        f"{{name: {n}, op: Conv, out_channels: 4, kernel: 3, init: {{W: {{normal: {{std: 0.1}}}}}}}}"
        for n in "ab"
    ]
    first = document(*layers, inputs="{x: [1, 4, 9, 9]}").graph.weights
    again = document(layers[1], inputs="{x: [1, 4, 9, 9]}").graph.weights
    assert (first["b.W"].array() == again["b.W"].array()).all()
    assert (first["a.W"].array() != first["b.W"].array()).any()
    assert abs(first["a.W"].array().std() - 0.1) < 0.02


def test_a_weight_without_numbers_says_so():
    _, weights, _ = only(CONV + "}")
    with pytest.raises(ValueError, match=r"'conv_1.W' has no numbers"):
        weights["W"].array()
    assert weights["W"].small_values() is None


def test_what_cannot_be_derived_stays_open_and_is_noted():
    node, weights, model = only(CONV + "}", inputs="{x: [N, C, 8, 8]}")
    assert "W" not in weights
    assert str(model.graph.inputs[node.inputs[1]]) == "[8, C, 3, 3]"
    assert [p.code for p in model.problems] == ["YML013"]


def test_in_channels_needs_no_shaper():
    text = "archlint: 1\ninputs: {x: }\nlayers:\n  - {op: Conv, out_channels: 8, in_channels: 3, kernel: [3, 3]}\n"
    model = load_yaml("m.yaml", text.encode())
    assert model.graph.weights["conv_1.W"].shape == (8, 3, 3, 3)
    assert not model.problems


def test_a_defect_upstream_does_not_stop_the_load():
    _, _, model = only(
        "{op: Conv, weights: {W: [8, 5, 3, 3]}}", "Relu", "{op: Conv, out_channels: 4, kernel: 3}"
    )
    assert not model.problems
    assert model.graph.nodes[-1].attrs == {"kernel_shape": (3, 3)}


@pytest.mark.parametrize(
    ("text", "ops", "inputs"),
    [
        ("{op: Conv, kernel_shape: [1, 1]}", ["Conv"], ["x", "conv_1.W"]),
        ("{op: Add, in: [a, b]}", ["Add"], ["a", "b"]),
        ("- Relu\n- Tanh", ["Relu", "Tanh"], ["x"]),
        ("Relu", ["Relu"], ["x"]),
        ("{op: LSTM, hidden_size: 4}", ["LSTM"], ["x", "lstm_1.W"]),
        ("inputs: {a: [1]}\nlayers: [{op: Add, in: [a, nowhere]}]", ["Add"], ["a"]),
        (
            "inputs: {a: [1]}\nlayers: [{name: p, op: Add, in: [a, q]}, {name: q, op: Relu}]",
            ["Add", "Relu"],
            ["a"],
        ),
    ],
    ids=["layer", "two-inputs", "list", "word", "recurrent", "dangling", "cycle"],
)
def test_example(text, ops, inputs):
    model = parse_example(text, Incremental)
    assert [n.op_type for n in model.graph.nodes] == ops
    assert list(model.graph.inputs) == inputs


def test_unknown_sizes():
    model = document("Relu", inputs="{x: [N, _, '?', ~, 3]}")
    assert str(model.graph.inputs["x"]) == "[N, ?, ?, ?, 3]"
    shape = model.graph.inputs["x"].shape
    assert len({shape[1], shape[2], shape[3]}) == 3
