"""Names of the inputs, outputs and attributes of every ONNX operator, at every opset.

Read from a table that was made from onnx's schemas, so that a YAML model is loaded, and a
misspelt attribute found, without importing onnx.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Input:
    """One input of an operator.

    ``element`` is the type that numbers written for it take: a dtype, ``=`` that of the first
    input, or ``""`` that of the numbers themselves.
    """

    name: str
    optional: bool
    variadic: bool
    element: str


@dataclass(frozen=True, slots=True)
class Signature:
    """What an operator's schema names.

    ``attributes`` maps names to kinds: ``f i s t g`` float, int, string, tensor, graph; capitals
    are lists of them; ``p`` a type.
    """

    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, str]

    def slot(self, name: str) -> int | None:
        """Position of the input called ``name``."""
        return next((i for i, p in enumerate(self.inputs) if p.name == name and not p.variadic), None)


@cache
def _table() -> dict[str, list[list[Any]]]:
    from importlib.resources import files

    text = files("archlint.loaders").joinpath("yaml_operators.json").read_text("utf-8")
    found: dict[str, list[list[Any]]] = json.loads(text)
    return found


def names() -> list[str]:
    """Every operator of ai.onnx."""
    return list(_table())


@cache
def signature(op_type: str, opset: int) -> Signature | None:
    """The signature in force at ``opset``, or the oldest one; None for an operator ONNX has not."""
    rows = _table().get(op_type)
    if not rows:
        return None
    row = next((r for r in reversed(rows) if r[0] <= opset), rows[0])
    return Signature(
        tuple(_input(text) for text in row[1].split()),
        tuple(name.rstrip("?*") for name in row[2].split()),
        row[3],
    )


def _input(text: str) -> Input:
    name, _, element = text.partition(":")
    return Input(name.rstrip("?*"), name.endswith("?"), name.endswith("*"), element)
