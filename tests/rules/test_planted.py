"""Models with one planted defect each: every one is found, for the right reason and nothing worse."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, parser

from archlint.api import Settings, analyse, collect, run

HEADER = '<ir_version: 8, opset_import: ["": 17]>\n'
LOCAL = '<ir_version: 8, opset_import: ["": 17, "local": 1]>\n'
FUNCTION = '\n<domain: "local", opset_import: ["": 17]>\n'

BRANCHES = """g (bool c, float[1,4,8,8] x) => (float[1,4,8,8] y) <float[4,4,1,1] w, float[4,8,1,1] v> {{
  y = If (c) <
    then_branch = t () => (float[1,4,8,8] a) {{ {then} }},
    else_branch = e () => (float[1,4,8,8] b) {{ b = Conv(x, w) }}
  > }}"""


def branch(then: str) -> str:
    return BRANCHES.format(then=then)


def call(body: str) -> str:
    return (
        f"{LOCAL} g (float[2,8] x) => (float[2,8] y) {{ z = local.F(x) y = Sigmoid(z) }}"
        f"{FUNCTION} F (p) => (r) {{ {body} }}"
    )


def weighted(nodes, inputs, outputs, **weights) -> onnx.ModelProto:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node(op, ins, outs, **attrs) for op, ins, outs, attrs in nodes],
        "g",
        [value(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [value(n, TensorProto.FLOAT, s) for n, s in outputs.items()],
        [numpy_helper.from_array(np.asarray(w), n) for n, w in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape, scale=0.1).astype(np.float32)


def batchnorm(variance) -> onnx.ModelProto:
    one = np.ones(4, np.float32)
    return weighted(
        [("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], {})],
        {"x": [1, 4, 8, 8]},
        {"y": [1, 4, 8, 8]},
        s=one,
        b=one,
        m=one,
        v=np.float32(variance),
    )


def lstm(forget: float, rows: int = 32) -> onnx.ModelProto:
    bias = np.zeros((1, 64), np.float32)
    bias[0, 16:24] = forget
    return weighted(
        [("LSTM", ["x", "w", "r", "b"], ["y"], {"hidden_size": 8})],
        {"x": [5, 1, 4]},
        {"y": [5, 1, 1, 8]},
        w=normal(1, 32, 4),
        r=normal(1, rows, 8),
        b=bias,
    )


def corrupt(*, twice: bool = False) -> onnx.ModelProto:
    model = weighted([("MatMul", ["x", "w"], ["y"], {})], {"x": [1, 4]}, {"y": [1, 4]}, w=normal(4, 4))
    tensor = model.graph.initializer[0]
    if twice:
        tensor.float_data.extend([1.0] * 16)
    else:
        tensor.raw_data = tensor.raw_data[:-6]
    return model


def external(location: str) -> onnx.ModelProto:
    model = weighted([("MatMul", ["x", "w"], ["y"], {})], {"x": [1, 4]}, {"y": [1, 4]}, w=normal(4, 4))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return model


def doubled() -> onnx.ModelProto:
    model = weighted([("MatMul", ["x", "w"], ["y"], {})], {"x": [1, 4]}, {"y": [1, 4]}, w=normal(4, 4))
    model.graph.initializer.append(numpy_helper.from_array(normal(4, 4) + 1, "w"))
    return model


def spoiled() -> onnx.ModelProto:
    w = normal(4, 4)
    w[1, 2] = np.nan
    return weighted([("MatMul", ["x", "w"], ["y"], {})], {"x": [1, 4]}, {"y": [1, 4]}, w=w)


PLANTED = {
    "channels of a Conv": (
        "g (float[1,256,25,25] x) => (float[1,128,25,25] y) <float[128,512,1,1] w> { y = Conv(x, w) }",
        "SHP010",
        ("512", "256"),
    ),
    "channels of a Conv in a branch": (branch("a = Conv(x, v)"), "SHP010", ("8", "4")),
    "channels of a ConvTranspose": (
        "g (float[1,4,4,4] x) => (float[1,2,4,4] y) <float[3,2,1,1] w> { y = ConvTranspose(x, w) }",
        "SHP010",
        ("3", "4"),
    ),
    "inner sizes of a MatMul": (
        "g (float[2,3] x) => (float[2,5] y) <float[4,5] w> { y = MatMul(x, w) }",
        "SHP001",
        ("3", "4"),
    ),
    "sizes off the axis of a Concat": (
        "g (float[2,3] x, float[3,3] z) => (float[2,6] y) { y = Concat<axis=1>(x, z) }",
        "SHP001",
        ("2", "3"),
    ),
    "sizes that do not broadcast": (
        "g (float[2,3] x, float[4] z) => (float[2,3] y) { y = Add(x, z) }",
        "SHP001",
        ("3", "4"),
    ),
    "shapes in a function": (
        call(
            "w = Constant<value = float[3,8] {0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}>() r = MatMul(p, w)"
        ),
        "SHP001",
        ("8", "3"),
    ),
    "declared shape": (
        "g (float[1,8,27,27] x) => (float[1,4,25,25] y) <float[4,8,1,1] w> { y = Conv(x, w) }",
        "SHP002",
        ("25", "27"),
    ),
    "window": (
        "g (float[1,4,6,6] x) => (float[1,4,1,1] y) { y = MaxPool<kernel_shape=[7,7]>(x) }",
        "SHP011",
        ("7", "6"),
    ),
    "group": (
        "g (float[1,6,8,8] x) => (float[1,8,6,6] y) <float[8,2,3,3] w> { y = Conv<group=4>(x, w) }",
        "SHP012",
        ("4", "6"),
    ),
    "elements of a Reshape": (
        "g (float[2,6] x) => (float[5,2] y) <int64[2] s = {5, 2}> { y = Reshape(x, s) }",
        "SHP004",
        ("12", "10"),
    ),
    "index of a Gather": (
        "g (float[2,6] x) => (float[2,1] y) <int64[1] i = {6}> { y = Gather<axis=1>(x, i) }",
        "SHP005",
        ("6",),
    ),
    "dangling input": ("g (float[1,4] x) => (float[1,4] y) { y = Relu(x_1) }", "GRF002", ("x_1",)),
    "dangling input in a branch": (branch("a = Relu(xx)"), "GRF002", ("xx",)),
    "cycle": (
        "g (float[4] x) => (float[4] y) { [p] a = Add(x, b) [q] b = Relu(a) y = Sigmoid(b) }",
        "GRF001",
        ("'p' (Add) -> 'q' (Relu) -> 'p'",),
    ),
    "order of the nodes": (
        "g (float[4] x) => (float[4] y) { y = Relu(a) [late] a = Exp(x) }",
        "GRF004",
        ("'a'", "late"),
    ),
    "name given twice": (
        "g (float[4] x) => (float[4] y) { y = Relu(x) y = Exp(x) }",
        "GRF003",
        ("'y'", "#0 (Relu)", "#1 (Exp)"),
    ),
    "two initializers of one name": (doubled(), "GRF003", ("'w'",)),
    "output that nothing makes": (
        "g (float[4] x) => (float[4] y, float[4] z) { y = Relu(x) }",
        "GRF005",
        ("'z'",),
    ),
    "operator of no opset": ("g (float[4] x) => (float[4] y) { y = Reluu(x) }", "GRF006", ("Reluu",)),
    "operator of a later opset": ("g (float[4] x) => (float[4] y) { y = Gelu(x) }", "GRF006", ("20", "17")),
    "deprecated operator": (
        "g (float[1,1,4,4] x) => (float[1,1,8,8] y) <float[4] s = {1, 1, 2, 2}> { y = Upsample(x, s) }",
        "PRT006",
        ("10", "17"),
    ),
    "unknown attribute": (
        "g (float[1,4] x) => (float[1,4] y) { y = Softmax<axes=1>(x) }",
        "GRF014",
        ("axes",),
    ),
    "attribute of the wrong kind": (
        'g (float[1,4,8,8] x) => (float[1,4,8,8] y) <float[4,4,1,1] w> { y = Conv<group="one">(x, w) }',
        "SHP017",
        ("group", "one"),
    ),
    "mixed element types": (
        "g (float[4] x) => (float[4] y) <double[4] w = {1, 2, 3, 4}> { y = Add(x, w) }",
        "SHP018",
        ("float32", "float64"),
    ),
    "shape of a recurrent weight": (lstm(0.0, rows=24), "SHP009", ("32", "24")),
    "NaN": (spoiled(), "NUM001", ("1 NaN of 16", "[1, 2]")),
    "dead node in a function": (call("r = Relu(p) [lost] q = Tanh(p)"), "GRF007", ("'q'",)),
    "unused initializer": (
        "g (float[4] x) => (float[4] y) <float[2,3] lost> { y = Relu(x) }",
        "GRF008",
        ("lost", "24 bytes"),
    ),
    "activation twice in a function": (call("q = Relu(p) r = Relu(q)"), "ARC003", ("Relu",)),
    "bias before a normalization": (
        weighted(
            [
                ("Conv", ["x", "w", "c"], ["h"], {}),
                ("BatchNormalization", ["h", "s", "b", "m", "v"], ["y"], {}),
            ],
            {"x": [1, 4, 8, 8]},
            {"y": [1, 4, 8, 8]},
            w=normal(4, 4, 1, 1),
            c=normal(4),
            s=normal(4),
            b=normal(4) + 1,
            m=normal(4),
            v=np.ones(4, np.float32),
        ),
        "PRF002",
        ("'c'",),
    ),
    "negative variance": (batchnorm([1, 1, -1, 1]), "NUM009", ("channel 2", "-1")),
    "forget gate that is always closed": (lstm(-9.0), "RNN001", ("8 of 8", "closed")),
}

UNREADABLE = {
    "bytes of a tensor": (corrupt(), "IO011", ("'w'", "64", "58")),
    "values in two fields": (corrupt(twice=True), "IO011", ("'w'", "twice")),
    "external data that is gone": (external("gone.bin"), "IO007", ("'w'", "gone.bin")),
    "external data outside the folder": (external("../../etc/passwd"), "IO008", ("'w'", "passwd")),
}

CLEAN = {
    "convolutional": (
        "g (float[N,3,32,32] x) => (float[N,10] y) <float[8,3,3,3] w1, float[8] b1, float[8,10] w2> {"
        " h = Conv<pads=[1,1,1,1]>(x, w1, b1) r = Relu(h) p = GlobalAveragePool(r)"
        " f = Flatten(p) m = MatMul(f, w2) y = Softmax(m) }"
    ),
    "recurrent, with branches and a function": (
        f"{LOCAL} g (bool c, float[5,N,4] x) => (float[5,1,N,8] y) <float[1,32,4] w, float[1,32,8] r> {{"
        " t = If (c) <then_branch = t1 () => (float[5,N,4] a) { a = Tanh(x) },"
        " else_branch = e1 () => (float[5,N,4] b) { b = local.F(x) }>"
        f" y, yh = LSTM<hidden_size=8>(t, w, r) }}{FUNCTION} F (p) => (q) {{ q = Sigmoid(p) }}"
    ),
}


def built(model):
    if isinstance(model, str) and model.startswith(LOCAL):
        parsed = parser.parse_model(model)
        made = {name for node in parsed.graph.node for name in node.output}
        for info in [v for v in parsed.graph.value_info if v.name not in made]:
            shape = [d.dim_value for d in info.type.tensor_type.shape.dim]
            parsed.graph.initializer.append(numpy_helper.from_array(normal(*shape), info.name))
            parsed.graph.value_info.remove(info)
        return parsed
    return model


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_found(lint, name):
    model, code, words = PLANTED[name]
    found = lint(built(model))
    told = [f for f in found if f.code == code]
    assert told, [(f.code, f.message) for f in found]
    assert all(word in told[0].message for word in words), told[0].message


@pytest.mark.parametrize("name", PLANTED)
def test_no_other_error_hides_it(lint, name):
    model, code, _ = PLANTED[name]
    others = {f.code for f in lint(built(model)) if f.severity == "error" and f.code != code}
    assert others == set()


@pytest.mark.parametrize("name", UNREADABLE)
def test_weights_that_cannot_be_read_are_told_once(tmp_path, name):
    model, code, words = UNREADABLE[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    analysis = analyse(path)
    findings = run(analysis, [r for r in collect(plugins=False) if r.default], Settings()).findings
    (problem,) = analysis.model.problems
    assert problem.code == code
    assert all(word in problem.message for word in words)
    assert [f.code for f in findings if f.severity == "error"] == []


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_model_is_silent(lint, name):
    found = lint(built(CLEAN[name]))
    assert [(f.code, f.message) for f in found if f.severity != "info"] == []
