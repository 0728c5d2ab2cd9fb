"""An ONNX file as lines of text without the numbers of weights, for a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import onnx


def outline(model: onnx.ModelProto) -> list[str]:
    """The model's graph, the bodies in it below their nodes, then its functions."""
    found = list(_graph(model.graph))
    for function in model.functions:
        name = f"{function.domain}.{function.name}" if function.domain else function.name
        found.append(f"function {name}({', '.join(function.input)}) => ({', '.join(function.output)})")
        found += [f"  {line}" for line in _nodes(function.node)]
    return found


def _graph(graph: onnx.GraphProto) -> Iterator[str]:
    yield from (f"input {_declared(v)}" for v in graph.input)
    yield from (f"weight {t.name} {_element(t.data_type)}{list(t.dims)}" for t in graph.initializer)
    yield from _nodes(graph.node)
    yield from (f"declared {_declared(v)}" for v in graph.value_info)
    yield from (f"output {_declared(v)}" for v in graph.output)


def _nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[str]:
    for node in nodes:
        kind = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        plain = ", ".join(sorted(a.name for a in node.attribute))
        attributes = f" <{plain}>" if plain else ""
        name = f"[{node.name}] " if node.name else ""
        yield f"{name}{', '.join(node.output)} = {kind}{attributes}({', '.join(node.input)})"
        for attribute in node.attribute:
            bodies = [attribute.g] if attribute.HasField("g") else list(attribute.graphs)
            for body in bodies:
                yield f"  {attribute.name}:"
                yield from (f"    {line}" for line in _graph(body))


def _element(code: int) -> str:
    from archlint.model.dtypes import ONNX_CODES

    return ONNX_CODES.get(code, str(code))


def _declared(value: onnx.ValueInfoProto) -> str:
    tensor = value.type.tensor_type
    sizes = [str(d.dim_value) if d.HasField("dim_value") else d.dim_param or "?" for d in tensor.shape.dim]
    return f"{value.name} {_element(tensor.elem_type)}[{', '.join(sizes)}]"
