"""Folded constants against onnxruntime, and the reasons where there are none."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, parser

from archlint.api import Undetermined, analyse

HEADER = '<ir_version: 8, opset_import: ["": 17]>\n'
CHAINS = {
    "slice-negative": "y = Slice(a, lo, hi, ax, st)",
    "transpose": "y = Transpose<perm = [1, 0]>(a)",
    "reshape": "y = Reshape(a, shape)",
    "split": "p, y = Split<axis = 1>(a)",
    "gather": "y = Gather<axis = 1>(a, idx)",
    "concat-unsqueeze": "u = Unsqueeze(a, zero)\n v = Concat<axis = 0>(u, u)\n y = Squeeze(v)",
    "dequantize": "y = DequantizeLinear<axis = 0>(q, s, z)",
    "expand": "y = Expand(a, big)",
    "shape-arithmetic": "n = Shape(a)\n m = Mul(n, n)\n y = Div(m, two)",
    "cast": "y = Cast<to = 7>(a)",
    "gemm": "y = Gemm<transB = 1, alpha = 2.0>(a, a)",
    "where": "b = Greater(a, half)\n y = Where(b, a, half)",
    "range": "y = Range(r0, r1, r2)",
    "constant-of-shape": "y = ConstantOfShape(shape)",
}
WEIGHTS = (
    "<float[3, 4] a = {1, -2, 3, 4, 5.5, 6, 7, 8, 9, 10, 11, 12}, int64[1] lo = {-1}, int64[1] hi = {-9}, "
    "int64[1] ax = {1}, int64[1] st = {-2}, int64[2] shape = {2, -1}, int64[2] idx = {-1, 0}, int64[1] zero = {0}, "
    "int8[3, 4] q = {1, -2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, float[3] s = {0.5, 2, 3}, int8[3] z = {0, 1, -1}, "
    "int64[3] big = {2, 3, 4}, int64[1] two = {2}, float half = {0.5}, int64 r0 = {1}, int64 r1 = {9}, int64 r2 = {3}>"
)


@pytest.mark.parametrize("chain", list(CHAINS))
def test_folding_agrees_with_onnxruntime(chain, tmp_path):
    weights = WEIGHTS.replace("{2, -1}", "{2, 6}") if chain == "constant-of-shape" else WEIGHTS
    model = parser.parse_model(
        f"{HEADER}g (float[1] x) => (float[1] x2)\n{weights}\n{{ x2 = Identity(x)\n {CHAINS[chain]} }}"
    )
    path = tmp_path / "m.onnx"
    onnx.save(model, path)
    ours = analyse(path).constants.of("y")
    del model.graph.output[:]
    model.graph.output.append(onnx.ValueInfoProto(name="y"))
    (expected,) = onnxruntime.InferenceSession(model.SerializeToString()).run(
        None, {"x": np.ones(1, np.float32)}
    )
    assert ours.dtype == expected.dtype
    np.testing.assert_allclose(ours, expected)


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        (helper.make_node("Identity", ["x"], ["y"]), "'x' is an input"),
        (helper.make_node("Relu", ["x"], ["y"]), "computed by Relu"),
        (helper.make_node("Reshape", ["w", "w"], ["y"]), "cannot be computed"),
    ],
    ids=["input", "operator", "nonsense"],
)
def test_what_is_not_constant_says_why(node, reason, tmp_path):
    weight = onnx.numpy_helper.from_array(np.full(3, 7, np.int64), "w")
    free = helper.make_tensor_value_info("x", 1, None)
    graph = helper.make_graph([node], "g", [free], [helper.make_tensor_value_info("y", 1, None)], [weight])
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph), path)
    with pytest.raises(Undetermined, match=reason):
        analyse(path).constants.of("y")
