"""An ONNX file as lines of text without the numbers of weights, for a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.loaders.tensors import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import onnx


def outline(model: onnx.ModelProto) -> list[str]:
    """The model's graph, the bodies in it below their nodes, then its functions."""
    found = list(_graph(model.graph))
    for function in model.functions:
        found.append(
            f"function {_named(function.domain, function.name)}({_listed(function.input)})"
            f" => ({_listed(function.output)})"
        )
        found += [f"  {line}" for line in _nodes(function.node)]
    return found


def _graph(graph: onnx.GraphProto) -> Iterator[str]:
    yield from (f"input {_declared(v)}" for v in graph.input)
    yield from (f"weight {text(t.name)} {_element(t.data_type)}{list(t.dims)}" for t in graph.initializer)
    yield from _nodes(graph.node)
    yield from (f"declared {_declared(v)}" for v in graph.value_info)
    yield from (f"output {_declared(v)}" for v in graph.output)


def _nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[str]:
    for node in nodes:
        kind = _named(node.domain, node.op_type)
        plain = ", ".join(sorted(text(a.name) for a in node.attribute))
        attributes = f" <{plain}>" if plain else ""
        name = f"[{text(node.name)}] " if node.name else ""
        yield f"{name}{_listed(node.output)} = {kind}{attributes}({_listed(node.input)})"
        for attribute in node.attribute:
            bodies = [attribute.g] if attribute.HasField("g") else list(attribute.graphs)
            for body in bodies:
                yield f"  {text(attribute.name)}:"
                yield from (f"    {line}" for line in _graph(body))


def _named(domain: bytes | str, name: bytes | str) -> str:
    return f"{text(domain)}.{text(name)}" if domain else text(name)


def _listed(names: Iterable[bytes | str]) -> str:
    return ", ".join(map(text, names))


def _element(code: int) -> str:
    from archlint.model.dtypes import ONNX_CODES

    return ONNX_CODES.get(code, str(code))


def _declared(value: onnx.ValueInfoProto) -> str:
    tensor = value.type.tensor_type
    sizes = [
        str(d.dim_value) if d.HasField("dim_value") else text(d.dim_param) or "?" for d in tensor.shape.dim
    ]
    return f"{text(value.name)} {_element(tensor.elem_type)}[{', '.join(sizes)}]"
