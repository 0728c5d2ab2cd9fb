import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper


def model(nodes, inputs, outputs, dtype=TensorProto.FLOAT, **weights):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node(op, ins, outs, **attrs) for op, ins, outs, attrs in nodes],
        "g",
        [value(n, dtype, s) for n, s in inputs.items()],
        [value(n, dtype, s) for n, s in outputs.items()],
        [numpy_helper.from_array(np.asarray(w), n) for n, w in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def instance_norm(epsilon, dtype):
    half = TensorProto.FLOAT16 if dtype == np.float16 else TensorProto.FLOAT
    one = np.ones(2, dtype)
    node = ("InstanceNormalization", ["x", "s", "b"], ["y"], {"epsilon": epsilon})
    return model([node], {"x": [1, 2, 4, 4]}, {"y": [1, 2, 4, 4]}, half, s=one, b=one)


@pytest.mark.parametrize(
    ("epsilon", "dtype", "count"),
    [(1e-12, np.float16, 1), (1e-5, np.float16, 0), (1e-12, np.float32, 0)],
)
def test_vanishing_epsilon(lint, epsilon, dtype, count):
    assert len(lint(instance_norm(epsilon, dtype), "NUM017")) == count


def linear(w, **more):
    return model([("MatMul", ["x", "w"], ["y"], {})], {"x": [1, 16]}, {"y": [1, w.shape[1]]}, w=w, **more)


def test_wide_dynamic_range(lint):
    w = np.random.default_rng(0).normal(size=(16, 16)).astype(np.float32)
    assert lint(linear(w), "NUM023") == []
    w[3, 3] = 1e6
    assert len(lint(linear(w), "NUM023")) == 1
    assert len(lint(linear(w), "NUM023", ratio=1e9)) == 0


def test_int64_beyond_int32(lint):
    def gather(index):
        node = ("Gather", ["x", "i"], ["y"], {})
        return model([node], {"x": [4]}, {"y": [1]}, i=np.int64([index]))

    assert lint(gather(3), "NUM019") == []
    assert lint(gather(2**63 - 1), "NUM019") == []
    (found,) = lint(gather(2**40), "NUM019")
    assert found.message == f"initializer 'i' holds {2**40}, int32 ends at {2**31 - 1}"


def quantized(reader):
    nodes = [
        ("QuantizeLinear", ["x", "s", "z"], ["q"], {}),
        (*reader[:2], ["y"], reader[2]),
    ]
    return model(nodes, {"x": [4]}, {"y": [4]}, s=np.float32(0.1), z=np.uint8(3))


def test_a_quantized_tensor_and_its_reader(lint):
    assert lint(quantized(("DequantizeLinear", ["q", "s", "z"], {})), "NUM021") == []
    (found,) = lint(quantized(("Cast", ["q"], {"to": 1})), "NUM021")
    assert found.message == "'q' is read by Cast '#1', which knows no scale"


@pytest.mark.parametrize(("terms", "count"), [(66_311, 0), (66_312, 1)])
def test_accumulator_overflow(lint, terms, count):
    node = ("MatMulInteger", ["x", "w"], ["y"], {})
    proto = model(
        [node], {"x": [1, terms]}, {"y": [1, 1]}, TensorProto.UINT8, w=np.ones((terms, 1), np.uint8)
    )
    assert len(lint(proto, "NUM022")) == count


@pytest.mark.parametrize(
    ("row", "severity"), [pytest.param(2, "info", id="few"), pytest.param(8, "warning", id="many")]
)
def test_zero_filters(lint, row, severity):
    w = np.random.default_rng(0).normal(size=(64, 4, 3, 3)).astype(np.float32)
    w[:row] = 0
    proto = model([("Conv", ["x", "w"], ["y"], {})], {"x": [1, 4, 8, 8]}, {"y": [1, 64, 6, 6]}, w=w)
    (found,) = lint(proto, "NUM003")
    assert found.severity == severity
    assert found.message.startswith(f"{row} of 64 output channels have only zero weights")
