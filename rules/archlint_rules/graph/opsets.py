"""Which opsets hold where: a function's body has its own imports."""

from collections.abc import Iterator, Mapping

from archlint.api import Graph, Model


def opsets_of(model: Model) -> Iterator[tuple[Graph, Mapping[str, int]]]:
    """Every graph of ``model`` with the opset versions in force in it."""
    for graph in model.graph.walk():
        yield graph, model.opsets
    for function in model.functions.values():
        for graph in function.graph.walk():
            yield graph, function.opsets or model.opsets
