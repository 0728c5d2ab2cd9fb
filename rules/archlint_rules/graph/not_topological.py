from archlint.api import Findings, Graph, Model, Node, rule


@rule("GRF004", on=Model, severity="warning", fixable=True)
def not_topological(model: Model) -> Findings:
    """Nodes that stand before the nodes whose results they read.

    A graph is to be written in an order in which it can run. onnx.checker refuses the file and so
    do simple runtimes; onnxruntime sorts it and runs.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (the list of nodes is ordered topologically)

    Example: built in the tests
    """
    for graph in model.graphs():
        if len(graph.order) < len(graph.nodes):
            continue
        early = _early(graph)
        if early:
            node, name, maker = early[0]
            more = f"; so do {len(early) - 1} more" if len(early) > 1 else ""
            yield node.at(f"input {name}").says(
                f"reads '{name}', which {maker.op_type} '{maker.label}' makes later in the file{more}",
                hint="sort the nodes",
            )


def _early(graph: Graph) -> list[tuple[Node, str, Node]]:
    """Readers that come before their maker, with the tensor."""
    found: list[tuple[Node, str, Node]] = []
    for node in () if graph.written_in_order else graph.nodes:
        for name in (*node.inputs, *graph.captured(node)):
            maker = graph.producers.get(name)
            if maker is not None and maker.index >= node.index:
                found.append((node, name, maker))
                break
    return found
