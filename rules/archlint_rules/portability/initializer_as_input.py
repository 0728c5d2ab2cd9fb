from archlint.api import Findings, Model, rule


@rule("PRT021", on=Model, severity="info")
def initializer_as_input(model: Model) -> Findings:
    """Weights that are also listed as inputs of the model.

    Before IR version 4 that was required; since then it means that a caller may replace them, so a
    runtime cannot fold constants or pre-pack the weights.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (a name in both lists may be overridden)

    Example: built in the tests
    """
    graph = model.graph
    both = [name for name in graph.inputs if name in graph.weights]
    if both and (model.ir_version or 0) >= 4:
        yield graph.at(f"initializer {both[0]}").says(
            f"{len(both)} weights are listed as inputs too (first: '{both[0]}')",
            hint="remove them from the list of inputs, unless callers are to override them",
            weights=len(both),
        )
