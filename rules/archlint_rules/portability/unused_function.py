from archlint.api import Findings, Model, rule


@rule("PRT014", on=Model, severity="info")
def unused_function(model: Model) -> Findings:
    """A model-local function that nothing calls.

    It makes the file larger, and a runtime must still know the operator sets that it imports.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (functions)

    Example: built in the tests
    """
    called = {(n.domain, n.op_type, n.overload) for graph in model.graphs() for n in graph.nodes}
    for key, function in model.functions.items():
        if key not in called:
            yield function.graph.at().says(
                f"function '{function.domain}::{function.name}' is never called", hint="remove it"
            )
