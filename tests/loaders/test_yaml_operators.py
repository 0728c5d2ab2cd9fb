"""The table of operator signatures agrees with onnx's schemas."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from onnx import defs

from archlint.loaders.yaml_operators import names, signature

LETTERS = dict(
    zip(
        "fistgFISTp",
        ["FLOAT", "INT", "STRING", "TENSOR", "GRAPH", "FLOATS", "INTS", "STRINGS", "TENSORS", "TYPE_PROTO"],
        strict=True,
    )
)


@pytest.mark.parametrize("opset", [1, 7, 9, 11, 13, 18, 21])
def test_signatures_are_onnx_schemas(opset):
    compared = 0
    for name in names():
        try:
            schema = defs.get_schema(name, max_inclusive_version=opset)
        except defs.SchemaError:
            continue
        found = signature(name, opset)
        assert [(p.name, p.optional, p.variadic) for p in found.inputs] == [
            (p.name, p.option.name == "Optional", p.option.name == "Variadic") for p in schema.inputs
        ], name
        assert list(found.outputs) == [p.name for p in schema.outputs], name
        kinds = {a: LETTERS.get(kind, "SPARSE_TENSOR") for a, kind in found.attributes.items()}
        assert kinds == {a: v.type.name for a, v in schema.attributes.items()}, name
        compared += 1
    assert compared > 90


def test_a_yaml_model_is_checked_without_onnx(tmp_path):
    path = tmp_path / "m.arch.yaml"
    path.write_text(
        "archlint: 1\ninputs: {x: [N, 3, 8, 8]}\nlayers:\n  - {op: Conv, out_channels: 4, kernel: 3}\n"
    )
    code = (
        "import json, sys\n"
        "from archlint.api import load\n"
        f"model = load({str(path)!r})\n"
        "print(json.dumps([len(model.graph.weights), [m for m in ('onnx', 'numpy') if m in sys.modules]]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [2, []]
