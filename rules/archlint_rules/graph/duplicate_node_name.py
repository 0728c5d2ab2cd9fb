from archlint.api import Findings, Model, Node, rule


@rule("GRF013", on=Model, severity="error")
def duplicate_node_name(model: Model) -> Findings:
    """Two nodes of one graph that have the same name.

    Names are for people, and onnx.checker accepts the file; onnxruntime refuses it («two nodes with
    same node name»), and profilers and quantization tools mix the two up.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (within a namespace each name is unique)

    Example: built in the tests
    """
    for graph in model.graphs():
        first: dict[str, Node] = {}
        told: set[str] = set()
        for node in graph.nodes:
            other = first.setdefault(node.name, node)
            if node.name and other is not node and node.name not in told:
                told.add(node.name)
                yield node.at().says(
                    f"nodes #{other.index} ({other.op_type}) and #{node.index} ({node.op_type}) "
                    f"are both named '{node.name}'",
                    hint="rename one of them",
                )
