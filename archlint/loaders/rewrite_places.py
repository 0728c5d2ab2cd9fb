"""The graphs of an ONNX file that can be rewritten: the main one, bodies in it, functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnx


@dataclass(frozen=True, slots=True)
class _Named:
    name: str


class FunctionGraph:
    """A function seen as a graph without weights: its inputs and outputs are names alone."""

    def __init__(self, function: onnx.FunctionProto) -> None:
        self.node = function.node
        self.input: list[Any] = [_Named(name) for name in function.input]
        self.output: list[Any] = [_Named(name) for name in function.output]
        self.initializer: list[Any] = []
        self.sparse_initializer: list[Any] = []
        self.value_info = getattr(function, "value_info", [])


Rewritable: TypeAlias = "onnx.GraphProto | FunctionGraph"


def places(model: onnx.ModelProto) -> dict[str, Rewritable | None]:
    """Every graph by the path that findings name it with; None where a path means two of them."""
    found: dict[str, Rewritable | None] = {"": model.graph}
    for path, graph in _below("", model.graph):
        found[path] = None if path in found else graph
    for function in model.functions:
        name = f"{function.domain}::{function.name}" if function.domain else function.name
        whole = FunctionGraph(function)
        found[name] = None if name in found else whole
        for path, graph in _below(name, whole):
            found[path] = None if path in found else graph
    return found


def _below(path: str, graph: Any) -> Iterator[tuple[str, onnx.GraphProto]]:
    for index, node in enumerate(graph.node):
        for attribute in node.attribute:
            bodies: list[tuple[str, Any]] = [(attribute.name, attribute.g)] if attribute.HasField("g") else []
            bodies += [(f"{attribute.name}[{i}]", g) for i, g in enumerate(attribute.graphs)]
            for label, body in bodies:
                here = "/".join(filter(None, (path, node.name or f"#{index}", label)))
                yield here, body
                yield from _below(here, body)
