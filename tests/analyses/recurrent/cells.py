"""Models with one recurrent operator, random or chosen, for the tests of the recurrent analysis."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from archlint.api import Analysis, analyse

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def operator_model(
    kind: str,
    weights: dict[str, np.ndarray],
    attrs: dict[str, Any] | None = None,
    *,
    shape: tuple[Any, ...] = ("T", "N", None),
    inputs: tuple[str, ...] = (),
    opset: int = 17,
) -> onnx.ModelProto:
    """A model of one ``kind`` node; ``weights`` by ONNX input name, ``inputs`` are left to the caller."""
    order = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")[: 8 if kind == "LSTM" else 6]
    attrs = dict(attrs or {})
    hidden = weights["R"].shape[2]
    features = weights["W"].shape[2]
    attrs.setdefault("hidden_size", hidden)
    names = [n if n in weights or n in inputs or n == "X" else "" for n in order]
    while not names[-1]:
        names.pop()
    outputs = ["Y", "Y_h", "Y_c"][: 3 if kind == "LSTM" else 2]
    node = helper.make_node(kind, names, outputs, name="cell", **attrs)
    free = [helper.make_tensor_value_info("X", TensorProto.FLOAT, [*shape[:2], features])]
    for name in inputs:
        dtype = TensorProto.INT32 if name == "sequence_lens" else TensorProto.FLOAT
        free.append(helper.make_tensor_value_info(name, dtype, None))
    made = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs]
    stored = [numpy_helper.from_array(np.ascontiguousarray(w), n) for n, w in weights.items()]
    graph = helper.make_graph([node], "g", free, made, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def random_weights(
    kind: str,
    rng: np.random.Generator,
    hidden: int = 5,
    features: int = 3,
    directions: int = 1,
    scale: float = 1.0,
    bias: float = 2.0,
) -> dict[str, np.ndarray]:
    """W, R, B with normal entries."""
    rows = GATES[kind] * hidden
    return {
        "W": rng.normal(0, scale, (directions, rows, features)).astype(np.float32),
        "R": rng.normal(0, scale, (directions, rows, hidden)).astype(np.float32),
        "B": rng.normal(0, bias, (directions, 2 * rows)).astype(np.float32),
    }


def analysed(model: onnx.ModelProto, tmp_path: Any, **settings: Any) -> Analysis:
    """The analysis of ``model``, by way of a file."""
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    return analyse(path, **settings)
