"""The words for bad inputs, as users meet them: one line and one help each."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper, parser

from tests.cli.conftest import HEADER

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d7a2146" * 8 + b"\nsize 97821234\n"
CONFLICT = POINTER.replace(b"oid", b"<<<<<<< HEAD\noid", 1)


def model(text: str) -> onnx.ModelProto:
    return parser.parse_model(HEADER + text)


def external(location: str) -> bytes:
    proto = model('g (float[1, 2000] x) => (y) { y = MatMul (x, "fc.weight") }')
    tensor = TensorProto(name="fc.weight", data_type=1, dims=[2000, 2000], data_location=1)
    for key, value in (("location", location), ("offset", "0"), ("length", "16000000")):
        tensor.external_data.add(key=key, value=value)
    proto.graph.initializer.append(tensor)
    return proto.SerializeToString()


def cut_short() -> bytes:
    proto = model("g (float[1, 4] x) => (float[1, 4] y) { y = Relu (x) }")
    proto.graph.initializer.append(numpy_helper.from_array(np.ones(1000, np.float32), "big"))
    return proto.SerializeToString()[:1000]


def foreign_domain() -> bytes:
    proto = model("g (float[1, 4] x) => (y) { [q] y = Relu (x) }")
    proto.graph.node[0].domain, proto.graph.node[0].op_type = "com.acme", "Warp"
    return proto.SerializeToString()


def nan() -> bytes:
    proto = model('g (float[1, 64] x) => (y) { y = Mul (x, "bn1.var") }')
    values = np.ones(64, np.float32)
    values[[17, 20]] = np.nan
    proto.graph.initializer.append(numpy_helper.from_array(values, "bn1.var"))
    return proto.SerializeToString()


def graph(text: str) -> bytes:
    return model(text).SerializeToString()


CASES = [
    (
        "m.onnx",
        POINTER,
        "IO001",
        "this is a Git LFS pointer, not the model (oid 4d7a2146..., 97.8 MB)",
        "git lfs pull",
    ),
    (
        "m.onnx",
        CONFLICT,
        "IO002",
        "Git LFS pointer has conflict markers; resolve and 'git add' it again",
        None,
    ),
    ("m.onnx", b"", "IO003", "file is empty (0 bytes)", "onnx.load would accept it as a model with no nodes"),
    ("m.onnx", b"<!DOCTYPE html><html>", "IO004", "this is an HTML page ('<!DOCTYPE html>...')", "download"),
    (
        "m.onnx",
        b"\x1c\0\0\0TFL3" + b"\0" * 40,
        "IO005",
        "this is a TensorFlow Lite model (magic 'TFL3' at byte 4), archlint reads ONNX and YAML",
        "tf2onnx",
    ),
    ("m.onnx", b"PK\x03\x04" + b"\0" * 40, "IO005", "this is ", None),
    ("m.onnx", b"\x80\x04\x95" + b"\0" * 40, "IO005", "this is ", None),
    ("m.onnx", cut_short(), "IO006", "ONNX ends early: field 7 (graph) at byte", None),
    ("m.onnx", external("m.onnx.data"), "IO007", "initializer 'fc.weight' needs 'm.onnx.data'", None),
    (
        "m.onnx",
        external("../../etc/x"),
        "IO008",
        "initializer 'fc.weight' points to '../../etc/x', outside",
        None,
    ),
    ("m.onnx", foreign_domain(), "PRT003", "no opset_import for domain 'com.acme', used by 1 node", None),
    (
        "m.onnx",
        graph("g (float[1,4] x) => (y) { [a] p = Add (x, q) [b] q = Relu (p) y = Neg (q) }"),
        "GRF001",
        "graph has a cycle: 'a' (Add) -> 'b' (Relu) -> 'a'",
        None,
    ),
    (
        "m.onnx",
        graph("g (float[1,4] x_1) => (y) { [add3] y = Add (x_1, x_7) }"),
        "GRF002",
        "reads 'x_7', which nothing produces",
        "did you mean 'x_1'?",
    ),
    (
        "m.onnx",
        graph("g (float[1,4] x) => (y) { y = Relu (x) y = Abs (x) }"),
        "GRF003",
        "'y' is produced by node #0 (Relu) and node #1 (Abs); ONNX graphs are single-assignment",
        None,
    ),
    (
        "m.onnx",
        graph("g (float[N,256,25,25] x, float[128,512,1,1] w) => (y) { [conv1] y = Conv (x, w) }"),
        "SHP010",
        "Conv expects 512 input channels, gets 256",
        "no `group` value fits (256 / group is never 512)",
    ),
    (
        "m.onnx",
        graph("g (float[1,3,6,6] x) => (y) { [pool5] y = MaxPool <kernel_shape=[7,7]> (x) }"),
        "SHP011",
        "window 7 does not fit size 6 + pads 0",
        ">= 7",
    ),
    (
        "m.onnx",
        graph(
            "g (float[N,3,25,25] x, float[8,3,1,1] w) => (float[N,8,25,25] y) { y = Conv <pads=[1,1,1,1]> (x, w) }"
        ),
        "SHP002",
        "output 'y' is declared [N, 8, 25, 25] but computes to [N, 8, 27, 27] (dim 2: 25 and 27)",
        None,
    ),
    ("m.onnx", nan(), "NUM001", "initializer 'bn1.var': 2 NaN of 64 values (first at [17])", None),
    (
        "m.arch.yaml",
        b"archlint: 1\nname: a: b\n",
        "YML001",
        "mapping values are not allowed",
        "quote the text",
    ),
    (
        "m.arch.yaml",
        b"archlint: 1\ninputs: {x: [1, 3, 8, 8]}\nlayers:\n  - {op: Conv, kernal: 3}\n",
        "YML003",
        "kernal",
        "did you mean 'kernel'?",
    ),
    (
        "m.arch.yaml",
        b"archlint: 1\ninputs: {N: [1], N: [2]}\n",
        "YML004",
        "key 'N' given twice (first at line 2)",
        None,
    ),
    (
        "m.arch.yaml",
        b"archlint: 1\ninputs: {x: [1]}\nlayers:\n  - {name: add, op: Add, in: [x, c3]}\n  - {name: c3, op: Relu}\n",
        "YML006",
        "layer 'add' (Add): input 'c3' is not a layer before this point",
        "'c3' is defined later, at line 5",
    ),
]


@pytest.mark.parametrize(
    ("name", "data", "code", "message", "help_text"), CASES, ids=[f"{c[2]}-{i}" for i, c in enumerate(CASES)]
)
def test_message(archlint, tmp_path, name, data, code, message, help_text) -> None:
    (tmp_path / name).write_bytes(data)
    result = archlint("check", name, "--output", "jsonl")
    rows = [row for line in result.stdout.splitlines() if (row := json.loads(line)).get("code") == code]
    assert rows, result.stdout
    assert message in rows[0]["message"]
    assert not rows[0]["message"].startswith(name)
    if help_text is not None:
        assert help_text in rows[0]["help"]
    assert result.exit_code == 1
    assert "Traceback" not in result.output
