"""`Finding`: a signed statement about a model, ready to be printed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archlint.model import Graph, Node


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect at one place.

    ``graph`` is the path of bodies that leads to the node (``loop1/body``), ``subject`` the
    attribute, input, output or initializer it is about, ``fingerprint`` equal for the same defect
    in a later version of the file.
    """

    code: str
    name: str
    severity: str
    message: str
    path: str
    help: str | None = None
    notes: tuple[str, ...] = ()
    snippet: tuple[str, ...] = ()
    line: int | None = None
    column: int | None = None
    graph: str = ""
    node: str | None = None
    op_type: str | None = None
    subject: str | None = None
    fingerprint: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def graph_path(graph: Graph | None) -> str:
    """Names of the nodes and bodies that lead to ``graph``; empty for the main one."""
    parts: list[str] = []
    while graph is not None and graph.owner is not None:
        parts += [graph.label, graph.owner.label]
        graph = graph.parent
    return "/".join(reversed(parts))


def fingerprint(code: str, graph: str, node: Node | None, subject: str | None) -> str:
    """A digest of what the finding is about, without numbers that a re-export changes."""
    identity = node_identity(node) if node is not None else ""
    text = "\0".join((code, graph, identity, subject or ""))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def node_identity(node: Node) -> str:
    """What a node is called, or for a nameless one what it makes."""
    return node.name or f"{node.kind}:{','.join(node.outputs)}"
