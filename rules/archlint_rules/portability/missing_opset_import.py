from archlint.api import Findings, Model, Node, rule
from archlint_rules.graph.opsets import opsets_of


@rule("PRT003", on=Model, severity="warning")
def missing_opset_import(model: Model) -> Findings:
    """A domain whose operators are used without being imported.

    The import says which version of an operator is meant. onnx.checker refuses the file; onnxruntime
    takes its own newest version for the domains that it knows, which may change under you.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (each model names the operator sets it relies on)

    Example: built in the tests
    """
    missing: dict[str, list[Node]] = {}
    local = {(domain, name) for domain, name, _ in model.functions}
    for graph, opsets in opsets_of(model):
        for node in graph.nodes:
            if node.domain not in opsets and (node.domain, node.op_type) not in local:
                missing.setdefault(node.domain, []).append(node)
    for domain, nodes in missing.items():
        first = nodes[0]
        count = f"{len(nodes)} nodes" if len(nodes) > 1 else "1 node"
        yield model.graph.at(f"opset_import {domain or 'ai.onnx'}").says(
            f"no opset_import for domain '{domain or 'ai.onnx'}', used by {count} "
            f"(first: node '{first.label}' ({first.op_type}))",
            hint=f"import the version of '{domain or 'ai.onnx'}' that the exporter had in mind",
        )
