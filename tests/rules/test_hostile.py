"""No rule raises, whatever a file holds: damaged models under every rule, the default-off ones too."""

from __future__ import annotations

import os
import random

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, helper, numpy_helper, parser

from archlint.api import LoadError, Settings, analyse, collect, run

OPTIONS = {
    "BUD001": {"limit": 1, "layer": 1},
    "BUD002": {"limit": 1},
    "BUD003": {"limit": 1},
    "BUD005": {"limit": 1},
    "BUD006": {"limit": 1},
    "PRT002": {"targets": ("onnxruntime-1.12", "tensorrt-8.4")},
    "PRT007": {"targets": ("onnxruntime-1.12", "tensorrt-8.4")},
    "PRT008": {"targets": ("tensorrt-8.4", "coreml", "nnapi")},
    "PRT009": {"targets": ("coreml", "nnapi")},
    "PRT010": {"targets": ("coreml", "nnapi")},
    "PRT011": {"limit": 1},
    "PRT015": {"opset": ">=18", "ir_version": "<8"},
    "PRT016": {"banned": ("*",)},
    "PRT017": {"allowed": ("acme",)},
    "PRT018": {"required": ("license",)},
    "PRT019": {"pattern": "[a-z]+"},
}
HEADER = '<ir_version: 8, opset_import: ["": {opset}, "local": 1]>\n'
POOL = {
    "image": """g (float[N,3,32,32] x) => (float[N,10] y)
      <float[8,3,3,3] w, float[8] b, float[8] s, float[8] m, float[8] v, float[8,4,2,2] u, float[4,10] d> {
      c = Conv<pads=[1,1,1,1], strides=[2,2]>(x, w, b) n = BatchNormalization(c, s, b, m, v) r = Relu(n) q = Relu(r)
      p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(q) t = ConvTranspose<strides=[2,2]>(p, u) o = Dropout(t)
      g = GlobalAveragePool(o) f = Flatten(g) h = MatMul(f, d) z = Softmax(h) l = Log(z) y = Softmax(l) }""",
    "sequence": """g (float[T,N,4] x) => (float[T,N,8] y, float[N,8] last)
      <float[1,32,4] w, float[1,32,8] r, float[1,64] b, float[1,24,8] gw, float[1,24,8] gr, int64[1] a = {1}> {
      h, hn, cn = LSTM<hidden_size=8>(x, w, r, b) s = Squeeze(h, a) g, gn = GRU<hidden_size=8>(s, gw, gr)
      y = Squeeze(g, a) i = Constant<value_int=0>() last = Gather<axis=0>(y, i) }""",
    "arithmetic": """g (float[N,4] x, float[N,1] c, float[N] r, bool k) => (float[N,4] y) <float[4] w = {0, 1, 1, 1}> {
      a = Mul(x, w) b = Div(a, w) d = Exp(b) e = ReduceSum(d) f = Div(d, e) h = Sub(c, r) i = Sqrt(f) j = Cast<to=10>(i)
      l = Cast<to=1>(j) m = Transpose<perm=[1,0]>(l) n = Transpose<perm=[1,0]>(m) s = Shape(n) t = Reshape(n, s)
      u = If (k) <then_branch = t1 () => (float[N,4] p) { p = Relu(t) }, else_branch = e1 () => (float[N,4] q) { q = local.F(t) }>
      y = Add(u, u) }
      <domain: "local", opset_import: ["": 17]> F (p) => (r) { q = Relu(p) r = Relu(q) }""",
    "quantized": """g (float[1,64] x) => (float[1,64] y) <float s = {0.1}, uint8 z = {3}, int8[64,8] w, float[64,8] v> {
      q = QuantizeLinear(x, s, z) d = DequantizeLinear(q, s, z) m = MatMul(d, v) i = MatMulInteger(q, w)
      c = Cast<to=1>(i) a = Add(m, c) f = Flatten(a) y = Gemm<transB=1>(f, v) }""",
}
KINDS = (
    "Conv",
    "Gemm",
    "Softmax",
    "LSTM",
    "Reshape",
    "Concat",
    "Upsample",
    "BatchNormalization",
    "Cast",
    "If",
    "Nothing",
)
VALUES = (-1, 0, 2**62, 1.5, "text", b"\xff\xfe", [], [0], [-3, 2], [1.5, float("nan")], ["a"])


def original(name: str) -> onnx.ModelProto:
    model = parser.parse_model(HEADER.format(opset=17) + POOL[name])
    made = {n for node in model.graph.node for n in node.output}
    for info in [v for v in model.graph.value_info if v.name not in made]:
        shape = [d.dim_value for d in info.type.tensor_type.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
        values = np.abs(np.random.default_rng(0).normal(size=shape)).astype(dtype)
        model.graph.initializer.append(numpy_helper.from_array(values, info.name))
        model.graph.value_info.remove(info)
    return model


def damage(model: onnx.ModelProto, rng: random.Random) -> None:
    """One change that no exporter would make."""
    graph = model.graph
    node = rng.choice(graph.node)
    tensor = rng.choice(graph.initializer) if graph.initializer else None
    what = rng.randrange(14)
    if what == 0 and node.attribute:
        node.attribute.remove(rng.choice(node.attribute))
    elif what == 1:
        name = (
            node.attribute[0].name
            if node.attribute
            else rng.choice(["axis", "pads", "group", "epsilon", "to"])
        )
        del node.attribute[:]
        value = rng.choice(VALUES)
        kind = AttributeProto.INTS if value == [] else None
        node.attribute.append(helper.make_attribute(name, value, attr_type=kind))
    elif what == 2 and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(["", "nowhere", graph.node[-1].output[0]])
    elif what == 3 and node.input:
        del node.input[rng.randrange(len(node.input)) :]
    elif what == 4:
        node.output[0] = rng.choice(["", "x", graph.node[0].output[0]])
    elif what == 5:
        node.op_type = rng.choice(KINDS)
    elif what == 6:
        node.domain = rng.choice(["acme", "ai.onnx.ml", "com.microsoft"])
    elif what == 7 and tensor is not None:
        tensor.raw_data = tensor.raw_data[: rng.randrange(8)]
    elif what == 8 and tensor is not None:
        del tensor.dims[:]
        tensor.dims.extend(rng.choice([[], [0], [1], [3, 0], [10**9, 10**9], [2, 2, 2, 2, 2]]))
    elif what == 9 and tensor is not None:
        tensor.data_type = rng.choice([0, 3, 7, 8, 10, 11, 14, 16, 99])
    elif what == 10:
        dims = rng.choice(graph.input).type.tensor_type.shape.dim
        del dims[rng.randrange(len(dims) + 1) :]
        dims.add().dim_value = rng.choice([0, -1, 1, 10**12])
    elif what == 11:
        rng.choice(graph.input).ClearField("type")
    elif what == 12:
        model.opset_import[0].version = rng.choice([0, 1, 6, 10, 11, 13, 14, 26, 1000])
    else:
        graph.node.add().CopyFrom(node)


ROUNDS = int(os.environ.get("ARCHLINT_ROUNDS", "30"))


@pytest.mark.parametrize("name", POOL)
def test_no_rule_raises(tmp_path, name):
    rules = collect(plugins=False)
    for seed in range(ROUNDS):
        rng = random.Random(f"{name} {seed}")
        model = original(name)
        for _ in range(rng.randint(1, 3)):
            damage(model, rng)
        path = tmp_path / "model.onnx"
        path.write_bytes(model.SerializeToString())
        try:
            analysis = analyse(path)
        except LoadError:
            continue
        outcome = run(analysis, rules, Settings(options=OPTIONS))
        assert not outcome.crashed, (seed, [f.message for f in outcome.findings if f.code == "INT001"])


@pytest.mark.parametrize("name", POOL)
def test_the_models_are_read_when_they_are_whole(tmp_path, name):
    path = tmp_path / "model.onnx"
    path.write_bytes(original(name).SerializeToString())
    outcome = run(analyse(path), collect(plugins=False), Settings())
    assert not outcome.crashed
    assert [f.message for f in outcome.findings if f.severity == "error"] == []
