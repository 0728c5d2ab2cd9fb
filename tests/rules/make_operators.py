"""Writes the table of ONNX operators that the rules read, from the schemas of the installed onnx.

Run ``python tests/rules/make_operators.py`` after an upgrade of onnx. A row is one version of an
operator: the opset it holds from, its attributes (``!`` marks a required one), or None in place of
them from the opset where the operator is deprecated; then the groups of inputs that share an element
type (``0 1,2 3+``: all from 3 on), where there are any.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

DOMAINS = ("", "ai.onnx.ml", "ai.onnx.preview.training")
TARGET = Path(__file__).parents[2] / "rules" / "archlint_rules" / "graph" / "operators.json"


def table() -> dict[str, dict[str, list]]:
    from onnx import defs

    found: dict[str, dict[str, list]] = {domain: {} for domain in DOMAINS}
    schemas = [s for s in defs.get_all_schemas_with_history() if s.domain in found]
    for s in sorted(schemas, key=lambda s: (s.name, s.since_version)):
        names = " ".join(n + "!" * a.required for n, a in sorted(s.attributes.items()))
        row = [s.since_version, None if s.deprecated else names, *([groups(s)] if groups(s) else [])]
        rows = found[s.domain].setdefault(s.name, [])
        if not rows or rows[-1][1:] != row[1:]:
            rows.append(row)
    return found


def groups(schema) -> str:
    """Slots of inputs that one type variable binds."""
    if schema.deprecated or schema.domain:
        return ""
    variables = {c.type_param_str for c in schema.type_constraints}
    slots: dict[str, list[str]] = {}
    for slot, parameter in enumerate(schema.inputs):
        variadic = parameter.option.name == "Variadic"
        if parameter.type_str in variables and (parameter.is_homogeneous or not variadic):
            slots.setdefault(parameter.type_str, []).append(f"{slot}+" if variadic else str(slot))
    return ",".join(" ".join(g) for g in slots.values() if len(g) > 1 or g[0].endswith("+"))


FLOATS = {"tensor(float16)", "tensor(float)", "tensor(double)", "tensor(bfloat16)"}
NARROW = {
    "float": lambda types: types <= FLOATS,
    "bool": lambda types: types == {"tensor(bool)"},
    "int64": lambda types: types == {"tensor(int64)"},
    "index": lambda types: types == {"tensor(int64)", "tensor(int32)"},
}


def types() -> dict[str, str]:
    """Inputs (operator:slot) that take only one kind of element; opsets only ever widened them."""
    from onnx import defs

    found: dict[str, list[str]] = {kind: [] for kind in NARROW}
    for s in sorted((s for s in defs.get_all_schemas() if not s.domain), key=lambda s: s.name):
        for slot, parameter in enumerate(s.inputs):
            allowed = {t for t in parameter.types if t.startswith("tensor(")}
            for kind, fits in NARROW.items():
                if allowed and allowed == set(parameter.types) and fits(allowed):
                    variadic = parameter.option.name == "Variadic"
                    found[kind].append(f"{s.name}:{'*' if variadic else slot}")
    return {kind: " ".join(names) for kind, names in found.items()}


def text() -> str:
    import onnx

    parts = [f'"onnx": "{onnx.__version__}"', f'"types": {json.dumps(types(), indent=0)}']
    for domain, operators in table().items():
        rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in operators.items())
        parts.append(f'"{domain or "ai.onnx"}": {{\n{rows}\n}}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {sum(map(len, table().values()))} operators\n")
