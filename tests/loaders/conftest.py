"""One model that has everything a loader can meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def floats(name: str, count: int = 200) -> onnx.TensorProto:
    values = np.random.default_rng(len(name)).normal(size=(count // 2, 2)).astype(np.float32)
    return numpy_helper.from_array(values, name)


def everything() -> onnx.ModelProto:
    """Weights as bytes and as numbers, sparse ones, in bodies, functions and training graphs."""
    typed = helper.make_tensor("typed", TensorProto.FLOAT, [30], np.linspace(-1, 1, 30))
    double = helper.make_tensor("double", TensorProto.DOUBLE, [30], np.linspace(-1, 1, 30))
    sparse = helper.make_sparse_tensor(
        numpy_helper.from_array(np.ones(50, np.float32), "sparse"),
        numpy_helper.from_array(np.arange(50), "where"),
        [400],
    )
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [
            helper.make_node("Constant", [], ["c"], value=floats("constant", 120)),
            helper.make_node("Add", ["c", "x"], ["y"]),
        ],
        "body",
        [],
        [value("y", 1, None)],
        [floats("inner", 140)],
    )
    graph = helper.make_graph(
        [
            helper.make_node("If", ["q"], ["z"], then_branch=body, else_branch=body, name="choice"),
            helper.make_node("Relu", ["z"], ["r"]),
            helper.make_node("F", ["r"], ["o"], domain="local", name="call"),
        ],
        "main",
        [value("x", 1, ["N", 2]), value("q", TensorProto.BOOL, [])],
        [value("o", 1, None)],
        [floats("a"), typed, double, floats("tiny", 8)],
        sparse_initializer=[sparse],
    )
    function = helper.make_function(
        "local",
        "F",
        ["p"],
        ["r"],
        [
            helper.make_node("Constant", [], ["k"], value=floats("k", 160)),
            helper.make_node("Add", ["p", "k"], ["r"]),
        ],
        [helper.make_opsetid("", 18)],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("local", 1)]
    model = helper.make_model(graph, opset_imports=opsets, functions=[function], ir_version=9)
    model.training_info.add().algorithm.CopyFrom(graph)
    return model


@pytest.fixture(scope="session")
def model_bytes() -> bytes:
    return everything().SerializeToString()


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., Path]:
    """Writes a model of nodes and initializers and gives its path."""

    def store(
        nodes=(), initializers=(), inputs=(), outputs=(), sparse=(), functions=(), opsets=None, path="m.onnx"
    ) -> Path:
        graph = helper.make_graph(list(nodes), "g", list(inputs), list(outputs), list(initializers))
        graph.sparse_initializer.extend(sparse)
        opsets = [helper.make_opsetid("", 18)] if opsets is None else opsets
        model = helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=9)
        target = tmp_path / path
        target.write_bytes(model.SerializeToString())
        return target

    return store
