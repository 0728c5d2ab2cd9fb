import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper


def model(nodes, **weights):
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(
        [helper.make_node(op, list(ins), list(outs)) for op, ins, outs in nodes],
        "g",
        [x],
        [y],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def spoiled(value, dtype=np.float32):
    w = np.ones((4, 4), dtype)
    w[2, 1] = value
    return w


MATMUL = [("MatMul", ["x", "w"], ["y"])]
MASK = [("Unsqueeze", ["m", "axes"], ["m1"]), ("Add", ["x", "m1"], ["s"]), ("Softmax", ["s"], ["y"])]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_nan_is_counted_and_placed(lint, dtype):
    (found,) = lint(model(MATMUL, w=spoiled(np.nan, dtype)), "NUM001")
    assert found.message == "initializer 'w': 1 NaN of 16 values (first at [2, 1])"


def test_infinity_in_a_weight_is_told(lint):
    (found,) = lint(model(MATMUL, w=spoiled(np.inf)), "NUM001")
    assert "1 infinite of 16 values" in found.message


@pytest.mark.parametrize(
    "proto",
    [
        pytest.param(model(MATMUL, w=spoiled(3)), id="finite"),
        pytest.param(
            model(MASK, m=np.float32([0, -np.inf, 0, 0]), axes=np.int64([0])), id="mask before Softmax"
        ),
        pytest.param(
            model(
                [("IsNaN", ["x"], ["c"]), ("Where", ["c", "w", "x"], ["y"])],
                w=np.float32(np.nan),
            ),
            id="a NaN that Where picks",
        ),
        pytest.param(
            model([("Clip", ["x", "lo", "hi"], ["y"])], lo=np.float32(0), hi=np.float32(np.inf)),
            id="open bound",
        ),
    ],
)
def test_what_is_meant_is_left_alone(lint, proto):
    assert lint(proto, "NUM001") == []


def test_an_infinity_reaches_a_body(lint):
    text = """g (bool c, float[1,4] x) => (float[1,4] y) <float[4,4] w> {
      y = If (c) <then_branch = t () => (float[1,4] a) { a = MatMul(x, w) },
                  else_branch = e () => (float[1,4] b) { b = Relu(x) }> }"""
    proto = onnx.parser.parse_model('<ir_version: 8, opset_import: ["": 17]> ' + text)
    del proto.graph.initializer[:]
    proto.graph.initializer.append(numpy_helper.from_array(spoiled(np.inf), "w"))
    (found,) = lint(proto, "NUM001")
    assert found.subject == "initializer w"
