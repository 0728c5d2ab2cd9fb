"""What ONNX defines: operators, the opsets they hold from, their attributes.

The table beside this module was made from the schemas that onnx publishes at
https://onnx.ai/onnx/operators/ (docs/Changelog.md lists every version).
"""

import json
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, TypeAlias

EXTENDED = frozenset(
    {
        "Affine",
        "ATen",
        "ConstantFill",
        "Crop",
        "DynamicSlice",
        "GivenTensorFill",
        "GroupNormalization",
        "ImageScaler",
        "LayerNormalization",
        "ParametricSoftplus",
        "RMSNormalization",
        "RotaryEmbedding",
        "Scale",
        "ScaledTanh",
        "SimplifiedLayerNormalization",
        "SkipSimplifiedLayerNormalization",
        "ThresholdedRelu",
    }
)
"""Names that runtimes accept in the default domain beyond what its opset defines."""


@cache
def table() -> dict[str, Any]:
    """Domain, operator, versions; ``ai.onnx`` is the default domain."""
    text = files(__package__).joinpath("operators.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


Row: TypeAlias = tuple[int, str | None, str]
"""Opset, attributes (None when deprecated), groups of inputs that share an element type."""


@cache
def versions(domain: str, op_type: str) -> list[Row] | None:
    """Rows of an operator, oldest first; None for one that ONNX never had."""
    rows = table().get(domain or "ai.onnx", {}).get(op_type)
    return None if rows is None else [(since, names, rest[0] if rest else "") for since, names, *rest in rows]


def standard(domain: str) -> bool:
    """True for a domain that ONNX itself defines."""
    return (domain or "ai.onnx") in table() and domain not in {"onnx", "types"}


@cache
def newest() -> int:
    """The last opset of the default domain in the table."""
    return max(int(row[0]) for rows in table()["ai.onnx"].values() for row in rows)


@lru_cache(4096)
def in_force(domain: str, op_type: str, opset: int) -> Row | None:
    """The row that holds at ``opset``; None when there is none yet."""
    rows = [row for row in versions(domain, op_type) or () if row[0] <= opset]
    return rows[-1] if rows else None


@cache
def alike_inputs(op_type: str, opset: int) -> list[tuple[tuple[int, ...], int | None]]:
    """Groups of slots of a standard operator that share an element type, and where a group goes on."""
    row = in_force("", op_type, opset)
    found: list[tuple[tuple[int, ...], int | None]] = []
    for group in row[2].split(",") if row is not None and row[2] else ():
        names = group.split()
        rest = next((int(n[:-1]) for n in names if n.endswith("+")), None)
        found.append((tuple(int(n) for n in names if not n.endswith("+")), rest))
    return found


@cache
def narrow_inputs() -> dict[tuple[str, int | None], str]:
    """Kind of element (``float``, ``bool``, ``int64``, ``index``) by operator and slot, None for all slots."""
    found: dict[tuple[str, int | None], str] = {}
    for kind, names in table()["types"].items():
        for name in names.split():
            op_type, _, slot = name.partition(":")
            found[op_type, None if slot == "*" else int(slot)] = kind
    return found
