"""Layers taken out of the text of a YAML model; every other line, comments included, stays as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archlint.model import Model, Node

_ITEM = re.compile(r"^(?P<indent> *)- ")
_BLANK = re.compile(r"^\s*(#.*)?$")


def without_layer(text: str, line: int) -> str | None:
    r"""``text`` without the layer that stands on its own lines from ``line`` on; None if it does not.

    >>> print(without_layer("layers:\n  - Relu\n  - op: Abs\n    in: x\n  # last\n  - Exp\n", 3), end="")
    layers:
      - Relu
      # last
      - Exp
    """
    lines = text.splitlines(keepends=True)
    head = _ITEM.match(lines[line - 1]) if 0 < line <= len(lines) else None
    if head is None:
        return None
    depth = len(head["indent"])
    last = line
    for number in range(line, len(lines)):
        row = lines[number]
        if _BLANK.match(row):
            continue
        if len(row) - len(row.lstrip(" ")) <= depth:
            break
        last = number + 1
    return "".join(lines[: line - 1] + lines[last:])


def same_but_for(old: Model, new: Model, gone: Node, source: str | None) -> bool:
    """Whether ``new`` is ``old`` without ``gone``, whose readers read ``source`` instead.

    Without a ``source`` nothing may have read it.
    """
    results = {name for name in gone.outputs if name}
    if results & set(old.graph.outputs) or list(old.graph.outputs) != list(new.graph.outputs):
        return False
    expected = []
    for node in old.graph.nodes:
        if node is gone:
            continue
        if source is None and results & set(node.inputs):
            return False
        inputs = tuple(source if source is not None and name in results else name for name in node.inputs)
        expected.append((node.kind, node.name, inputs, node.outputs, sorted(node.attrs)))
    found = [(n.kind, n.name, n.inputs, n.outputs, sorted(n.attrs)) for n in new.graph.nodes]
    return found == expected and list(old.graph.inputs) == list(new.graph.inputs)
