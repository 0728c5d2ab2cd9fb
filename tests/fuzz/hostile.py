"""Hostile models: what a file can say that no exporter would. One generator for tests and sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

NAMES = (
    "", "a\x1b[31mb", "</script><script>alert(1)</script>", "%0A::error::x", "a\nb", "\u202egnp", "=1+1", "{0}",
    "x" * 5000, "[bold]x[/bold]", "\u0000", "a/b/../c", "%s%n", "${HOME}", "\ufeff",
)  # fmt: skip
DIMS = (0, 1, 2, 3, 7, -1, 2**31, 2**31 - 1, 2**62, 2**63 - 1, -(2**63), 65536)
SYMBOLS = (
    "N",
    "",
    "?",
    "__import__('os').system('x')",
    "N" * 1000,
    "a+b*c//0",
    "-N",
    "N N",
    "\x1b[2J",
    "1e999",
)
OPS = (
    "Add", "Mul", "Div", "Mod", "Conv", "ConvTranspose", "Gemm", "MatMul", "Reshape", "Tile", "Expand",
    "ConstantOfShape", "Range", "Resize", "Pad", "Slice", "Gather", "GatherND", "Concat", "Split", "LSTM", "GRU",
    "RNN", "Loop", "If", "Scan", "Transpose", "ReduceSum", "MaxPool", "AveragePool", "BatchNormalization", "Shape",
    "Squeeze", "Unsqueeze", "Flatten", "TopK", "OneHot", "Einsum", "CumSum", "NonZero", "Where", "Cast", "Upsample",
    "SequenceAt", "ConcatFromSequence", "Optional", "QLinearConv", "DequantizeLinear", "Attention", "Nope",
)  # fmt: skip
ATTRIBUTES = (
    "axis", "axes", "kernel_shape", "strides", "pads", "dilations", "group", "perm", "keepdims", "hidden_size",
    "direction", "num_outputs", "to", "equation", "mode", "auto_pad", "output_shape", "transA", "transB", "body",
    "then_branch", "else_branch", "value", "epsilon", "num_scan_inputs", "blocksize", "ceil_mode", "activations",
)  # fmt: skip


def value_info(rng: random.Random, name: str) -> onnx.ValueInfoProto:
    rank = rng.choice([0, 1, 2, 3, 4, 4, 5])
    shape = [rng.choice(DIMS) if rng.random() < 0.6 else rng.choice(SYMBOLS) for _ in range(rank)]
    info = onnx.ValueInfoProto(name=name)
    tensor = info.type.tensor_type
    tensor.elem_type = rng.choice([0, 1, 1, 1, 6, 7, 8, 9, 16, 99])
    tensor.shape.SetInParent()
    for size in shape:
        dim = tensor.shape.dim.add()
        if isinstance(size, int):
            dim.dim_value = size
        else:
            dim.dim_param = size
    return info


def tensor(rng: random.Random, name: str) -> onnx.TensorProto:
    kind = rng.randrange(6)
    if kind == 0:
        values = [rng.choice(DIMS) for _ in range(rng.randrange(6))]
        return numpy_helper.from_array(np.array(values, np.int64), name)
    if kind == 1:
        shape = [rng.choice([1, 2, 3, 4]) for _ in range(rng.choice([0, 1, 2, 3, 4]))]
        values = np.full(shape, rng.choice([0.0, 1.0, np.nan, np.inf, -1e30]), np.float32)
        return numpy_helper.from_array(values, name)
    if kind == 2:
        dims = [rng.choice(DIMS) for _ in range(rng.randrange(5))]
        return TensorProto(
            name=name, data_type=rng.choice([1, 7, 8, 16, 22, 99]), dims=dims, raw_data=bytes(16)
        )
    if kind == 3:
        proto = TensorProto(name=name, data_type=1, dims=[2, 2], data_location=TensorProto.EXTERNAL)
        place = rng.choice(["../x", "/etc/passwd", "gone.bin", "", "a\0b", "m.onnx"])
        proto.external_data.add(key="location", value=place)
        proto.external_data.add(key="offset", value=rng.choice(["0", "-1", "x", "9" * 40]))
        return proto
    if kind == 4:
        return TensorProto(name=name, data_type=rng.choice([1, 7]), dims=[4], float_data=[1, 2, 3, 4])
    return numpy_helper.from_array(np.array(rng.choice([0, 1, -1, 2**31, 2**62]), np.int64), name)


def attribute(rng: random.Random, name: str, depth: int) -> onnx.AttributeProto:
    proto = onnx.AttributeProto(name=name)
    match rng.randrange(9 if depth < 3 else 8):
        case 0 | 1:
            proto.type, proto.i = proto.INT, rng.choice(DIMS)
        case 2 | 3:
            proto.type = proto.INTS
            proto.ints.extend(rng.choice(DIMS) for _ in range(rng.randrange(6)))
        case 4:
            proto.type, proto.f = proto.FLOAT, rng.choice([0.0, float("nan"), 1e38, -1.0])
        case 5:
            proto.type, proto.s = (
                proto.STRING,
                rng.choice([b"", b"\xff", b"SAME_UPPER", b"ij,jk->ik", b"x" * 999]),
            )
        case 6:
            proto.type = proto.TENSOR
            proto.t.CopyFrom(tensor(rng, "t"))
        case 7:
            proto.ref_attr_name = rng.choice(["axis", "", "self"])
        case _:
            proto.type = proto.GRAPH
            proto.g.CopyFrom(graph(rng, depth + 1))
    return proto


def graph(rng: random.Random, depth: int = 0) -> onnx.GraphProto:
    names = ["x", "w", "a", "b", "c", "d", rng.choice(NAMES), rng.choice(NAMES)]
    proto = onnx.GraphProto(name=rng.choice(NAMES))
    proto.input.extend(value_info(rng, rng.choice(names)) for _ in range(rng.randrange(3)))
    proto.output.extend(value_info(rng, rng.choice(names)) for _ in range(rng.randrange(3)))
    proto.value_info.extend(value_info(rng, rng.choice(names)) for _ in range(rng.randrange(2)))
    proto.initializer.extend(tensor(rng, rng.choice(names)) for _ in range(rng.randrange(4)))
    for _ in range(rng.randrange(1, 7)):
        node = proto.node.add(op_type=rng.choice(OPS), name=rng.choice([*NAMES, "n1", "n2"]))
        node.domain = rng.choice(["", "", "", "ai.onnx", "local", "com.microsoft"])
        if node.domain == "local":
            node.op_type = rng.choice("FG")
        node.input.extend(rng.choice(names) for _ in range(rng.randrange(5)))
        node.output.extend(rng.choice(names) for _ in range(rng.randrange(4)))
        wanted = rng.sample(ATTRIBUTES, rng.randrange(5))
        node.attribute.extend(attribute(rng, n, depth) for n in wanted)
        if rng.random() < 0.02:
            node.attribute.extend([attribute(rng, "axis", depth)] * 2)
    return proto


def model(rng: random.Random) -> onnx.ModelProto:
    """A random model: wired, shaped and named as no exporter would."""
    proto = onnx.ModelProto(ir_version=rng.choice([0, 3, 8, 10, 2**40, -1]), producer_name=rng.choice(NAMES))
    proto.graph.CopyFrom(graph(rng))
    for domain in rng.choice([[""], ["", "local"], [], ["", ""]]):
        proto.opset_import.add(domain=domain, version=rng.choice([1, 7, 13, 18, 18, 22, 999, -1, 2**62]))
    for name in rng.choice(["", "F", "FG"]):
        function = proto.functions.add(name=name, domain="local")
        inner = graph(rng, 2)
        function.node.extend(inner.node)
        function.input.extend(["x", "a"])
        function.output.extend(["b"])
        function.attribute.extend(["axis"])
        function.opset_import.add(domain="", version=18)
    return proto


def nested(depth: int) -> bytes:
    """If in If, ``depth`` times, built as bytes so that nothing here recurses either."""
    body = b""
    for _ in range(depth):
        attr = b"\x0a\x0bthen_branch\x32" + varint(len(body)) + body + b"\xa0\x01\x05"
        node = b"\x22\x02If\x12\x01y\x0a\x01q\x2a" + varint(len(attr)) + attr
        body = b"\x0a" + varint(len(node)) + node
    return b"\x08\x08\x3a" + varint(len(body)) + body + b"\x42\x02\x10\x12"


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def chain(count: int, op: str = "Relu") -> onnx.ModelProto:
    nodes = [
        helper.make_node(op, [f"t{i}"] * (2 if op in {"Add", "Mul", "Concat"} else 1), [f"t{i + 1}"])
        for i in range(count)
    ]
    if op == "Concat":
        for node in nodes:
            node.attribute.add(name="axis", i=0, type=2)
    info = helper.make_tensor_value_info
    body = helper.make_graph(nodes, "g", [info("t0", 1, ["N", 4])], [info(f"t{count}", 1, None)])
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def doubling_functions(depth: int) -> onnx.ModelProto:
    """Each function calls the next one twice: 2**depth operators in a few lines."""
    functions = []
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("d", 1)]
    for i in range(depth):
        inner = f"F{i + 1}" if i + 1 < depth else "Relu"
        domain = "d" if i + 1 < depth else ""
        nodes = [
            helper.make_node(inner, ["x"], ["m"], domain=domain),
            helper.make_node(inner, ["m"], ["y"], domain=domain),
        ]
        functions.append(helper.make_function("d", f"F{i}", ["x"], ["y"], nodes, opsets))
    info = helper.make_tensor_value_info
    call = helper.make_node("F0", ["x"], ["y"], domain="d")
    main = helper.make_graph([call], "g", [info("x", 1, ["N", 4])], [info("y", 1, None)])
    return helper.make_model(main, functions=functions, opset_imports=opsets, ir_version=9)


def recursive_function() -> onnx.ModelProto:
    """A function that calls itself inside a branch."""
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("d", 1)]
    info = helper.make_tensor_value_info
    body = helper.make_graph([helper.make_node("F", ["x"], ["z"], domain="d")], "b", [], [info("z", 1, None)])
    node = helper.make_node("If", ["x"], ["y"], then_branch=body, else_branch=body)
    function = helper.make_function("d", "F", ["x"], ["y"], [node], opsets)
    main = helper.make_graph(
        [helper.make_node("F", ["x"], ["y"], domain="d")], "g", [info("x", 9, [])], [info("y", 1, None)]
    )
    return helper.make_model(main, functions=[function], opset_imports=opsets, ir_version=9)


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that ask for a great deal of time or memory."""
    yield "nested-20", nested(20)
    yield "nested-33", nested(33)
    yield "nested-100000", nested(3000)
    yield "doubling-functions", doubling_functions(40).SerializeToString()
    yield "recursive-function", recursive_function().SerializeToString()
    for op in ("Add", "Mul", "Concat"):
        yield f"doubling-{op}", chain(200, op).SerializeToString()
    yield "long-chain", chain(5_000).SerializeToString()
    for op, values in (("ConstantOfShape", [2**31, 2**31]), ("Tile", [2**40]), ("Expand", [2**31, 2**31])):
        yield f"bomb-{op}", folding_bomb(op, values).SerializeToString()
    yield "empty-nodes", b"\x08\x08\x3a" + varint(2 * 20_000) + b"\x0a\x00" * 20_000 + b"\x42\x02\x10\x12"
    attrs = b"\x2a\x00" * 1900
    node = b"\x0a" + varint(len(attrs)) + attrs
    yield "empty-attributes", b"\x08\x08\x3a" + varint(len(node) * 50) + node * 50 + b"\x42\x02\x10\x12"


def folding_bomb(op: str, values: list[int]) -> onnx.ModelProto:
    info = helper.make_tensor_value_info
    inputs = ["s"] if op == "ConstantOfShape" else ["one", "s"]
    nodes = [helper.make_node(op, inputs, ["big"]), helper.make_node("Mul", ["big", "x"], ["y"])]
    weights = [
        numpy_helper.from_array(np.array(values, np.int64), "s"),
        numpy_helper.from_array(np.ones([1] * max(1, len(values)), np.float32), "one"),
    ]
    body = helper.make_graph(nodes, "g", [info("x", 1, [1])], [info("y", 1, None)], weights)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
