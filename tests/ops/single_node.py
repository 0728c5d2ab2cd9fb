"""One node as a model: what archlint, onnx and onnxruntime each make of it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from archlint.api import Analysis, analyse

onnxruntime.set_default_logger_severity(4)
TYPES = {
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.float16): TensorProto.FLOAT16,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(np.int32): TensorProto.INT32,
    np.dtype(np.int8): TensorProto.INT8,
    np.dtype(np.uint8): TensorProto.UINT8,
    np.dtype(np.int16): TensorProto.INT16,
    np.dtype(np.bool_): TensorProto.BOOL,
}


@dataclass
class Case:
    """A node: its inputs as arrays (run-time inputs), constants among them, attributes."""

    op: str
    inputs: list[np.ndarray | None]
    attrs: dict[str, Any] = field(default_factory=dict)
    outputs: int = 1
    constant: frozenset[int] = frozenset()
    opset: int = 22
    domain: str = ""
    symbols: dict[int, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.inputs = [None if x is None else np.asarray(x) for x in self.inputs]

    def model(self) -> onnx.ModelProto:
        names = [f"i{k}" if x is not None else "" for k, x in enumerate(self.inputs)]
        outs = [f"o{k}" for k in range(self.outputs)]
        node = helper.make_node(self.op, names, outs, domain=self.domain, **self.attrs)
        given, stored = [], []
        for k, x in enumerate(self.inputs):
            if x is None:
                continue
            if k in self.constant:
                stored.append(numpy_helper.from_array(x, f"i{k}"))
            else:
                shape = self.symbols.get(k, list(x.shape))
                given.append(helper.make_tensor_value_info(f"i{k}", TYPES[x.dtype], shape))
        ends = [onnx.ValueInfoProto(name=o) for o in outs]
        graph = helper.make_graph([node], "g", given, ends, stored)
        imports = [helper.make_opsetid("", self.opset)]
        if self.domain:
            imports.append(helper.make_opsetid(self.domain, 1))
        return helper.make_model(graph, opset_imports=imports, ir_version=10)

    def analysed(self) -> Analysis:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "m.onnx")
            path.write_bytes(self.model().SerializeToString())
            analysis = analyse(path)
            _ = analysis.shapes, analysis.costs
            return analysis

    def run(self) -> list[np.ndarray] | None:
        """onnxruntime's outputs; None when it refuses to load or to run the node."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        feeds = {f"i{k}": x for k, x in enumerate(self.inputs) if x is not None and k not in self.constant}
        try:
            session = onnxruntime.InferenceSession(
                self.model().SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
            return session.run(None, feeds)
        except Exception:  # noqa: BLE001 - whatever the runtime raises is a refusal
            return None

    def inferred(self) -> list[tuple[int, ...] | None] | None:
        """onnx's own inference; None when it refuses."""
        try:
            model = onnx.shape_inference.infer_shapes(self.model(), strict_mode=True)
        except onnx.shape_inference.InferenceError:
            return None
        shapes = []
        for out in model.graph.output:
            tensor = out.type.tensor_type
            dims = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
            shapes.append(tuple(dims) if tensor.HasField("shape") and None not in dims else None)
        return shapes


def compare(case: Case, *, exact: bool = True) -> str:
    """Assert that archlint and the runtimes do not contradict each other; says who answered."""
    analysis = case.analysed()
    defects = [f"{d.error.kind}: {d.error.message}" for d in analysis.shapes.defects]
    (step,) = analysis.shapes.main.steps
    outputs = case.run()
    if outputs is None:
        return "refused by both" if defects else "refused by the runtime"
    if defects and all(d.startswith("window-larger-than-input") for d in defects) and "Pool" in case.op:
        # onnxruntime's pools then divide towards zero and take part of a window, or return nothing
        return "no whole window"
    assert not defects, (case, defects)
    for fact, array in zip(step.outs, outputs, strict=False):
        assert fact.shape is not None, (case, step.reason)
        assert len(fact.shape) == array.ndim, (case, str(fact), array.shape)
        for ours, theirs in zip(fact.shape, array.shape, strict=True):
            if exact or isinstance(ours, int):
                assert ours == theirs, (case, str(fact), array.shape)
        if fact.dtype is not None:
            assert fact.dtype == str(array.dtype), (case, fact.dtype, array.dtype)
    if case.op == "ConvTranspose" and {"output_padding", "output_shape"} & case.attrs.keys():
        return "equal"  # onnx and onnxruntime disagree; the runtime decides
    if case.op == "Range":
        return "equal"  # onnx counts the steps in double precision, onnxruntime in that of the inputs
    for fact, shape in zip(step.outs, case.inferred() or [], strict=False):
        if shape is not None and exact:
            assert fact.shape == shape, (case, str(fact), shape)
    return "equal"
