"""Small ONNX models built in a test and analysed."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from archlint.api import analyse

node = helper.make_node


def value(name, shape, dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def stored(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def model(nodes, inputs, outputs, weights=(), functions=(), domains=("com.microsoft",), opset=18):
    graph = helper.make_graph(nodes, "g", inputs, [value(o, None) for o in outputs], weights)
    imports = [helper.make_opsetid("", opset), *[helper.make_opsetid(d, 1) for d in domains]]
    return helper.make_model(graph, opset_imports=imports, ir_version=10, functions=functions)


def analysed(folder, *args, **options):
    path = folder / "m.onnx"
    path.write_bytes(model(*args, **options).SerializeToString())
    return analyse(path)


def floats(*shape):
    return np.ones(shape, np.float32)
