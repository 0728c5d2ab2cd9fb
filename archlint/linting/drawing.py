"""A node with the tensors around it, drawn in a few lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.model import shape_text

if TYPE_CHECKING:
    from archlint.analyses import Analysis
    from archlint.model import Fact, Node

MAX_TENSORS = 8
MAX_LABEL = 48


def draw(node: Node, analysis: Analysis, subject: str | None = None) -> tuple[str, ...]:
    """Inputs with shapes, the node, its outputs with shapes; the one meant by ``subject`` underlined."""
    ins, outs = _facts(node, analysis)
    rows = [(n, f"{_quoted(n)} {_shape(f)}") for n, f in zip(node.inputs, ins, strict=False) if n]
    more = len(rows) - MAX_TENSORS
    rows = rows[:MAX_TENSORS]
    made = [f"{_quoted(n)} {_shape(f)}" for n, f in zip(node.outputs, outs, strict=False) if n]
    if len(made) > MAX_TENSORS:
        made = [*made[:MAX_TENSORS], f"{len(made) - MAX_TENSORS} more"]
    centre = f"{_short(node.label)} ({node.op_type}{_attribute(node, subject)})"
    right = f"{centre} ──> {', '.join(made)}" if made else centre
    if not rows:
        return (right,)
    meant = _meant(node, subject)
    width = max(len(text) for _, text in rows)
    lines: list[str] = []
    for i, (name, text) in enumerate(rows):
        pad = "─" * (width - len(text))
        joint = ("──> " + right if len(rows) == 1 else "─┬> " + right) if i == 0 else "─┤"
        if i and i == len(rows) - 1 and more <= 0:
            joint = "─┘"
        lines.append(f"{text} {pad}{joint}")
        if name == meant:
            lines.append("^" * len(text) + (" " * (width - len(text) + 2) + "│" if joint[1] in "┬┤" else ""))
    if more > 0:
        lines.append(f"and {more} more".ljust(width + 1, " ") + "─┘")
    return tuple(lines)


def _facts(node: Node, analysis: Analysis) -> tuple[list[Fact | None], list[Fact]]:
    return analysis.shapes.inputs(node), analysis.shapes.outputs(node)


def _shape(fact: Fact | None) -> str:
    if fact is None:
        return "[...]"
    return shape_text(fact.shape) if fact.kind == "tensor" else f"({fact.kind})"


def _meant(node: Node, subject: str | None) -> str | None:
    """The tensor that ``input x``, ``initializer w`` or ``input 1`` is about."""
    kind, _, what = (subject or "").partition(" ")
    if kind not in {"input", "initializer"} or not what:
        return None
    if what in node.inputs:
        return what
    return node.inputs[int(what)] if what.isdecimal() and int(what) < len(node.inputs) else None


def _attribute(node: Node, subject: str | None) -> str:
    kind, _, name = (subject or "").partition(" ")
    value = node.attrs.get(name) if kind == "attribute" else None
    if not isinstance(value, int | float | str | tuple):
        return ""
    text = str(list(value)) if isinstance(value, tuple) else str(value)
    return f", {name} = {_short(text)}"


def _short(text: str) -> str:
    return text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL // 2 - 3]}...{text[-MAX_LABEL // 2 :]}"


def _quoted(text: str) -> str:
    return f"'{_short(text)}'"
