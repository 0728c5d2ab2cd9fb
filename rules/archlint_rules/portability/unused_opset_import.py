from archlint.api import Findings, Model, rule


@rule("PRT013", on=Model, severity="info")
def unused_opset_import(model: Model) -> Findings:
    """An imported operator set of which no operator is used.

    Runtimes must reject a model whose operator sets they do not know, even if nothing calls them. One
    finding names them all.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (support all operators in the set or reject)

    Example: built in the tests
    """
    used = {node.domain for graph in model.graphs() for node in graph.nodes}
    used |= {domain for function in model.functions.values() for domain in function.opsets}
    idle = [(domain, version) for domain, version in model.opsets.items() if domain and domain not in used]
    if idle:
        domain, version = idle[0]
        others = ", ".join(f"'{name}'" for name, _ in idle[1:])
        yield model.graph.at(f"opset_import {domain}").says(
            f"opset {version} of '{domain}' is imported and never used"
            + (f"; so are {others}" if others else ""),
            hint="remove the import" + ("s" if others else ""),
            domains=[name for name, _ in idle],
        )
