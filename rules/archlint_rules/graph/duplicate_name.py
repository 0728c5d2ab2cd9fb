from archlint.api import Findings, Graph, Model, rule


@rule("GRF003", on=Model, severity="error")
def duplicate_name(model: Model) -> Findings:
    """A tensor name that is given to two different things.

    ONNX graphs are single-assignment: each name is defined once, by a graph input, an initializer
    or one node. Readers of a name with two definitions get either. (An initializer may repeat the
    name of a graph input, as its default value.)

    Source: https://onnx.ai/onnx/repo-docs/IR.html (a value name has a unique definition)

    Example: built in the tests
    """
    for graph in model.graphs():
        for name, first, second in _clashes(graph):
            yield graph.at(f"tensor {name}").says(
                f"'{name}' is produced by {first} and {second}; ONNX graphs are single-assignment",
                hint="give one of them another name",
            )


def _clashes(graph: Graph) -> list[tuple[str, str, str]]:
    found = {name: (name, first, second) for name, first, second in graph.duplicates}
    given = dict.fromkeys(graph.weights, "an initializer")
    given.update(dict.fromkeys(graph.inputs, "a graph input"))
    for node in graph.nodes:
        label = (
            f"node '{node.name}' ({node.op_type})" if node.name else f"node #{node.index} ({node.op_type})"
        )
        for name in node.outputs:
            if name and name in given:
                found.setdefault(name, (name, given[name], label))
            given[name] = label
    return list(found.values())
