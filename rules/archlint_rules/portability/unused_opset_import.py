from archlint.api import Findings, Model, rule


@rule("PRT013", on=Model, severity="info")
def unused_opset_import(model: Model) -> Findings:
    """An imported operator set of which no operator is used.

    Runtimes must reject a model whose operator sets they do not know, even if nothing calls them.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (support all operators in the set or reject)

    Example: built in the tests
    """
    used = {node.domain for graph in model.graphs() for node in graph.nodes}
    used |= {domain for function in model.functions.values() for domain in function.opsets}
    for domain, version in model.opsets.items():
        if domain and domain not in used:
            yield model.graph.at(f"opset_import {domain}").says(
                f"opset {version} of '{domain}' is imported and never used", hint="remove the import"
            )
