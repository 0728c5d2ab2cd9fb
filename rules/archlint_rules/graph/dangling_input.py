from difflib import get_close_matches

from archlint.api import Findings, Graph, Model, Node, rule

SUGGESTIONS = 20


@rule("GRF002", on=Model, severity="error")
def dangling_input(model: Model) -> Findings:
    """A node that reads a tensor which nothing produces.

    The name is no graph input, no initializer and no output of a node, here or in an enclosing
    graph: usually a typing error or the trace of a node that was cut out. No runtime loads it.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (a node input refers to a graph input, an
    initializer or a node output)

    Example: built in the tests
    """
    told = 0
    for graph in model.graphs():
        here = {"", *graph.producers, *graph.inputs, *graph.weights}
        for node in graph.nodes:
            if here.issuperset(node.inputs):
                continue
            for name in dict.fromkeys(node.inputs):
                if name in here or graph.knows(name):
                    continue
                told += 1
                close = get_close_matches(name[:256], _names(graph), 1, 0.6) if told <= SUGGESTIONS else []
                yield node.at(f"input {name}").says(
                    f"{_label(node)} reads '{name}', which nothing produces",
                    hint=f"did you mean '{close[0]}'?" if close else None,
                )


def _label(node: Node) -> str:
    return f"node '{node.name}' ({node.op_type})" if node.name else f"node #{node.index} ({node.op_type})"


def _names(graph: Graph) -> list[str]:
    """Every tensor that a node of ``graph`` could read."""
    found: list[str] = []
    scope: Graph | None = graph
    while scope is not None:
        found += [*scope.inputs, *scope.weights, *scope.producers]
        scope = scope.parent
    return found
