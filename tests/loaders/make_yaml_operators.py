"""Writes ``archlint/loaders/yaml_operators.json`` from the schemas of the installed onnx.

Run ``python tests/loaders/make_yaml_operators.py`` after an upgrade of onnx; see `Signature` in
``archlint/loaders/yaml_operators.py`` for the meaning of a row.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

KINDS = {
    "FLOAT": "f",
    "INT": "i",
    "STRING": "s",
    "TENSOR": "t",
    "GRAPH": "g",
    "FLOATS": "F",
    "INTS": "I",
    "STRINGS": "S",
    "TENSORS": "T",
    "TYPE_PROTO": "p",
    "SPARSE_TENSOR": "x",
}
MARKS = {"Single": "", "Optional": "?", "Variadic": "*"}
DEFAULTS = ("float32", "int64", "bool", "int32", "string")


def element_type(schema, parameter) -> str:
    """Element type of a constant written for this input; ``=`` that of input 0, ``""`` either."""
    allowed = {t[7:-1].replace("float", "float32") for t in parameter.types if t.startswith("tensor(")}
    allowed = {t.replace("float3216", "float16") for t in allowed} | {"float64"} & allowed
    if parameter.type_str == schema.inputs[0].type_str and parameter is not schema.inputs[0]:
        return "=" if "float32" in allowed else "int64" if "int64" in allowed else "="
    if {"float32", "int64"} <= allowed:
        return ""
    return next((t for t in DEFAULTS if t in allowed), "")


def row(schema) -> list:
    inputs = [f"{p.name}{MARKS[p.option.name]}:{element_type(schema, p)}" for p in schema.inputs]
    outputs = [p.name + MARKS[p.option.name] for p in schema.outputs]
    attributes = {name: KINDS[a.type.name] for name, a in sorted(schema.attributes.items())}
    return [" ".join(inputs), " ".join(outputs), attributes]


def table() -> dict[str, list]:
    from onnx import defs

    schemas = [s for s in defs.get_all_schemas_with_history() if s.domain == ""]
    found: dict[str, list] = {}
    for s in sorted(schemas, key=lambda s: (s.name, s.since_version)):
        rows = found.setdefault(s.name, [])
        if not rows or rows[-1][1:] != row(s):
            rows.append([s.since_version, *row(s)])
    return found


def text() -> str:
    lines = [f"{json.dumps(name)}: {json.dumps(rows)}" for name, rows in table().items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    target = Path(__file__).parents[2] / "archlint" / "loaders" / "yaml_operators.json"
    target.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{target.name}: {len(table())} operators\n")
