"""The bad inputs of the golden texts, built from nothing: one function or constant a defect."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import zipfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, parser

from tests.cli.conftest import HEADER

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d7a2146" * 8 + b"\nsize 97821234\n"
CONFLICT = POINTER.replace(b"oid", b"<<<<<<< HEAD\noid", 1) + b"=======\n" + POINTER + b">>>>>>> theirs\n"
TFLITE = b"\x1c\0\0\0TFL3" + bytes(40)
HDF5 = b"\x89HDF\r\n\x1a\n" + bytes(40)
GGUF = b"GGUF\x03\0\0\0" + bytes(40)
OPENVINO = b'<?xml version="1.0"?>\n<net name="m" version="11">\n<layers/></net>\n'
TENSORRT = b"ptrt\0\0\0\0" + bytes(40)
GZIP = gzip.compress(b"model", mtime=0)
SAFETENSORS = struct.pack("<Q", 2) + b"{}"
PICKLE = pickle.dumps({"weight": [1.0, 2.0]}, protocol=2)


def message(text: str) -> onnx.ModelProto:
    """The model in ONNX's text form."""
    return parser.parse_model(HEADER + text)


def graph(text: str) -> bytes:
    """The same as a file."""
    return message(text).SerializeToString()


def archive(name: str) -> bytes:
    """A zip archive with one file in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        zipped.writestr(zipfile.ZipInfo(name), b"\x80\x02.")
    return out.getvalue()


def core_ml() -> bytes:
    """A Core ML model: specificationVersion 4, a description, an empty neural network (field 500)."""
    return b"\x08\x04\x12\x05\x0a\x03\x0a\x01x" + b"\xa2\x1f\x02\x0a\x00"


def cut_short() -> bytes:
    """An ONNX file of which 1,000 bytes have arrived."""
    proto = message("g (float[1, 4] x) => (float[1, 4] y) { y = Relu (x) }")
    proto.graph.initializer.append(numpy_helper.from_array(np.ones(1000, np.float32), "big"))
    return proto.SerializeToString()[:1000]


def external(location: str, names: tuple[str, ...] = ("fc.weight",), size: int = 2000) -> bytes:
    """A model with square weights of ``size`` that stand in another file one after the other."""
    proto = message(f"g (float[1, {size}] x) => (y) {{ y = Identity (x) }}")
    proto.graph.ClearField("node")
    before = "x"
    for number, name in enumerate(names):
        after = "y" if name == names[-1] else f"h{number}"
        proto.graph.node.append(helper.make_node("MatMul", [before, name], [after], f"fc{number}"))
        before = after
        tensor = TensorProto(name=name, data_type=1, dims=[size, size], data_location=1)
        length = 4 * size * size
        for key, value in (("location", location), ("offset", number * length), ("length", length)):
            tensor.external_data.add(key=key, value=str(value))
        proto.graph.initializer.append(tensor)
    return proto.SerializeToString()


def foreign_domain() -> bytes:
    """Two operators of a domain that the model does not import."""
    proto = message("g (float[1, 4] x) => (y) { [q] z = Relu (x) [r] y = Relu (z) }")
    for node in proto.graph.node:
        node.domain, node.op_type = "com.microsoft", "QuickGelu"
    return proto.SerializeToString()


def opset(version: int) -> bytes:
    """A model of this opset."""
    proto = message("g (float[1, 4] x) => (float[1, 4] y) { y = Relu (x) }")
    proto.opset_import[0].version = version
    return proto.SerializeToString()


def nan() -> bytes:
    """Three NaN of 64 values, the first at 17."""
    proto = message('g (float[1, 64] x) => (y) { y = Mul (x, "bn1.var") }')
    values = np.ones(64, np.float32)
    values[[17, 20, 21]] = np.nan
    proto.graph.initializer.append(numpy_helper.from_array(values, "bn1.var"))
    return proto.SerializeToString()
