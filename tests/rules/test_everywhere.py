"""Every kind of defect is found wherever it is planted: graph, branch, function or loop."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper, parser

from archlint.api import check, collect
from tests.rules.planted import DEFECTS, EVERYWHERE, Planted

RULES = [r for r in collect(plugins=False) if r.default and "recurrent" not in r.needs]
HEALTHY = {
    "unused-input",  # a defect among constants leaves x unread
    "element-type-mismatch",  # a branch whose declared type is wrong differs from the other branch too
}


def value(name: str, spec: str) -> onnx.ValueInfoProto:
    return parser.parse_graph(f"g ({spec} {name}) => (float y) {{ y = Relu({name}) }}").input[0]


def values(specs) -> list[onnx.ValueInfoProto]:
    return [value(name, spec) for name, spec in specs.items()]


def renamed(specs, prefix: str, *, open_shape: bool = False) -> list[onnx.ValueInfoProto]:
    found = [value(prefix + name, spec) for name, spec in specs.items()]
    for v in found if open_shape else ():
        v.type.tensor_type.ClearField("shape")
    return found


def nodes_of(text: str) -> list[onnx.NodeProto]:
    return list(parser.parse_graph(f"g (float x) => (float y) {{ {text} }}").node)


def tensors(weights) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(np.asarray(v), k) for k, v in weights.items()]


def model(graph: onnx.GraphProto, opset: int, *functions: onnx.FunctionProto) -> onnx.ModelProto:
    opsets = [helper.make_opsetid("", opset), *[helper.make_opsetid("local", 1) for _ in functions]]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, functions=list(functions))


def top(d: Planted) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes_of(d.nodes),
        "main",
        values(d.inputs),
        values(d.outputs),
        tensors(d.weights),
        value_info=values(d.declared),
    )
    return model(graph, d.opset)


def branch(d: Planted) -> onnx.ModelProto:
    then = helper.make_graph(
        nodes_of(d.nodes), "then", [], values(d.outputs), tensors(d.weights), value_info=values(d.declared)
    )
    constants = []
    other = renamed(d.outputs, "other_")
    for v in other:
        sizes = [size.dim_value or 2 for size in v.type.tensor_type.shape.dim]
        del v.type.tensor_type.shape.dim[:]
        v.type.tensor_type.shape.dim.extend([onnx.TensorShapeProto.Dimension(dim_value=n) for n in sizes])
        zeros = np.zeros(sizes, helper.tensor_dtype_to_np_dtype(v.type.tensor_type.elem_type))
        constants.append(helper.make_node("Constant", [], [v.name], value=numpy_helper.from_array(zeros)))
    taken = helper.make_graph(constants, "else", [], other)
    outputs = renamed(d.outputs, "final_", open_shape=True)
    node = helper.make_node(
        "If", ["cond"], [v.name for v in outputs], then_branch=then, else_branch=taken, name="choice"
    )
    graph = helper.make_graph([node], "main", [value("cond", "bool"), *values(d.inputs)], outputs)
    return model(graph, d.opset)


def function(d: Planted) -> onnx.ModelProto:
    constants = [helper.make_node("Constant", [], [t.name], value=t) for t in tensors(d.weights)]
    body = helper.make_function(
        "local",
        "Block",
        list(d.inputs),
        list(d.outputs),
        constants + nodes_of(d.nodes),
        [helper.make_opsetid("", d.opset)],
    )
    call = helper.make_node("Block", list(d.inputs), list(d.outputs), domain="local", name="call")
    graph = helper.make_graph([call], "main", values(d.inputs), values(d.outputs))
    return model(graph, d.opset, body)


def loop(d: Planted) -> onnx.ModelProto:
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_in"], ["go_out"]), *nodes_of(d.nodes)],
        "body",
        [value("round", "int64"), value("go_in", "bool")],
        [value("go_out", "bool"), *values(d.outputs)],
        tensors(d.weights),
        value_info=values(d.declared),
    )
    outputs = renamed(d.outputs, "all_", open_shape=True)
    node = helper.make_node("Loop", ["trips", "go"], [v.name for v in outputs], body=body, name="rounds")
    inputs = [value("trips", "int64"), value("go", "bool"), *values(d.inputs)]
    return model(helper.make_graph([node], "main", inputs, outputs), d.opset)


PLACES = dict(zip(EVERYWHERE, (top, branch, function, loop), strict=True))


@pytest.mark.parametrize("planted", DEFECTS, ids=lambda d: d.name)
def test_a_defect_is_found(planted, tmp_path):
    for where in planted.where:
        path = tmp_path / f"{where}.onnx"
        path.write_bytes(PLACES[where](planted).SerializeToString())
        found = check(path, RULES)
        told = [f for f in found if f.code in planted.codes and planted.node in (None, f.node)]
        assert told, (where, [(f.code, f.message) for f in found])
        assert any(all(word in f.message for word in planted.words) for f in told), (where, told[0].message)
        others = {f.name for f in found if f.severity != "info" and f.code not in planted.codes}
        assert others <= HEALTHY, where
