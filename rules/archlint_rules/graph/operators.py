"""What ONNX defines: operators, the opsets they hold from, their attributes.

The table beside this module was made from the schemas that onnx publishes at
https://onnx.ai/onnx/operators/ (docs/Changelog.md lists every version).
"""

import json
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

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


def versions(domain: str, op_type: str) -> list[tuple[int, str | None]] | None:
    """Rows of an operator, oldest first; None for one that ONNX never had."""
    rows = table().get(domain or "ai.onnx", {}).get(op_type)
    return None if rows is None else [(since, names) for since, names in rows]


def standard(domain: str) -> bool:
    """True for a domain that ONNX itself defines."""
    return (domain or "ai.onnx") in table() and domain not in {"onnx", "types"}


def newest() -> int:
    """The last opset of the default domain in the table."""
    return max(int(row[0]) for rows in table()["ai.onnx"].values() for row in rows)


@lru_cache(4096)
def in_force(domain: str, op_type: str, opset: int) -> tuple[int, str | None] | None:
    """The row that holds at ``opset``; None when there is none yet."""
    rows = [row for row in versions(domain, op_type) or () if row[0] <= opset]
    return rows[-1] if rows else None


@cache
def narrow_inputs() -> dict[tuple[str, int | None], str]:
    """Kind of element (``float``, ``bool``, ``int64``, ``index``) by operator and slot, None for all slots."""
    found: dict[tuple[str, int | None], str] = {}
    for kind, names in table()["types"].items():
        for name in names.split():
            op_type, _, slot = name.partition(":")
            found[op_type, None if slot == "*" else int(slot)] = kind
    return found
