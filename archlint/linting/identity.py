"""What a node is, in words that a later export of the same model repeats.

Exporters number what they cannot name (``node_Conv_649``, ``onnx::Conv_12``) and renumber it when
a node is added anywhere. Such a name says nothing; the weights a node reads do, or the nearest node
before it that reads some. What has neither name nor weights may come and go in between.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archlint.model import Graph, Model, Node, Place

_NUMBERED_TENSOR = re.compile(
    r"(?:onnx::\w+_|[A-Za-z]*(?:val|tmp|const|constant|tensor|initializer|output|input|node|n|t|v|_v)_?)?\d+"
)
_NUMBERED_NODE = re.compile(r"(?:node|n|op|layer)?[_/]?(?P<op>[A-Za-z0-9]*?)_?\d*")


def is_numbered(node: Node) -> bool:
    """True when the node's name is none, or only its operator and a number."""
    found = _NUMBERED_NODE.fullmatch(node.name.strip("/"))
    return found is not None and found["op"].lower() in {"", node.op_type.lower()}


class Identities:
    """Identities of a model's nodes, computed a graph at a time."""

    def __init__(self, model: Model) -> None:
        self._known: dict[int, dict[int, str]] = {}
        self._functions = {
            id(f.graph): f"{f.domain}::{f.name}" if f.domain else f.name for f in model.functions.values()
        }

    def of(self, node: Node) -> str:
        """The node's name, or what tells it from the others of its graph."""
        if not is_numbered(node):
            return node.name
        graph = node.graph
        known = self._known.get(id(graph))
        if known is None:
            known = self._known[id(graph)] = _identify(graph)
        return known.get(id(node), node.kind)

    def subject(self, place: Place) -> str:
        """What of its place a statement is about; tensors of a node by their slot, not by their name."""
        text = place.subject or ""
        kind, _, name = text.partition(" ")
        node = place.node
        if node is not None:
            slots = {"input": node.inputs, "initializer": node.inputs, "output": node.outputs}.get(kind, ())
            return f"{kind} #{slots.index(name)}" if name and name in slots else text
        if name and place.graph is not None and _NUMBERED_TENSOR.fullmatch(name):
            for maker in place.graph.nodes:
                if name in maker.outputs:
                    return f"{kind} #{maker.outputs.index(name)} of {self.of(maker)}"
        return text

    def path(self, graph: Graph | None) -> str:
        """Names of the nodes and bodies that lead to ``graph``; empty for the main one."""
        parts, root = self._walk(graph, stable=False)
        return "/".join((root, *parts)) if root else "/".join(parts)

    def stable_path(self, graph: Graph | None) -> str:
        """``path`` with identities in place of names."""
        parts, root = self._walk(graph, stable=True)
        return "/".join((root, *parts))

    def _walk(self, graph: Graph | None, *, stable: bool) -> tuple[list[str], str]:
        parts: list[str] = []
        while graph is not None and graph.owner is not None:
            parts += [graph.label, self.of(graph.owner) if stable else graph.owner.label]
            graph = graph.parent
        return parts[::-1], self._functions.get(id(graph), "")


def _identify(graph: Graph) -> dict[int, str]:
    found: dict[int, str] = {}
    anchors: dict[str, str] = {name: f"input {name}" for name in graph.inputs}
    seen: dict[str, int] = {}
    for node in graph.nodes:
        anchor = _anchor(node)
        before = next((anchors[n] for n in node.inputs if n in anchors), "start")
        if not is_numbered(node):
            found[id(node)] = node.name
        else:
            found[id(node)] = _next(seen, anchor or f"{node.kind} after {before}")
        for name in node.outputs:
            anchors[name] = before if anchor is None else found[id(node)]
    return found


def _anchor(node: Node) -> str | None:
    """What tells the node by itself: the weights that it reads."""
    weights = [w for n in node.inputs if n and (w := node.graph.weight(n)) is not None]
    named = [w.name for w in weights if not _NUMBERED_TENSOR.fullmatch(w.name)]
    if named:
        return f"{node.kind} of {', '.join(named)}"
    large = [f"{w.dtype}{list(w.shape)}" for w in weights if w.numel > 1]
    return f"{node.kind} of {', '.join(large)}" if large else None


def _next(seen: dict[str, int], text: str) -> str:
    seen[text] = count = seen.get(text, -1) + 1
    return f"{text} #{count}"
