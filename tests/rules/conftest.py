"""Rules on models written in ONNX's text form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper, parser

from archlint.api import Finding, Settings, analyse, collect, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = '<ir_version: 8, opset_import: ["": 17]>\n'


def parsed(text: str) -> onnx.ModelProto:
    """A model from ONNX text; ir 8 and opset 17 unless the text has a header.

    A tensor declared in the angle brackets before the nodes, which no node makes, becomes a weight.
    """
    text = text.strip()
    model = parser.parse_model(text if text.startswith("<") else HEADER + text)
    made = {name for node in model.graph.node for name in node.output}
    rng = np.random.default_rng(0)
    for info in [v for v in model.graph.value_info if v.name not in made]:
        shape = [d.dim_value for d in info.type.tensor_type.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
        values = rng.normal(size=shape).astype(dtype)
        model.graph.initializer.append(numpy_helper.from_array(values, info.name))
        model.graph.value_info.remove(info)
    return model


@pytest.fixture
def lint(tmp_path: Path) -> Callable[..., list[Finding]]:
    """Findings of one rule by code, or of every default rule, on ONNX text or a ModelProto."""
    rules = collect(plugins=False)

    def check(
        model: str | onnx.ModelProto, code: str | None = None, *, analysis: Any = None, **options: Any
    ) -> list[Finding]:
        proto = parsed(model) if isinstance(model, str) else model
        path = tmp_path / "model.onnx"
        path.write_bytes(proto.SerializeToString())
        chosen = [r for r in rules if (r.default if code is None else r.code == code)]
        assert chosen, f"no rule {code}"
        settings = Settings(options={code: options} if code else {})
        outcome = run(analyse(path, **(analysis or {})), chosen, settings)
        assert not outcome.crashed, outcome.findings
        return outcome.findings

    return check
