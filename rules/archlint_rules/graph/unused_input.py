from archlint.api import Findings, Model, rule


@rule("GRF009", on=Model)
def unused_input(model: Model) -> Findings:
    """A model input that nothing reads.

    Callers prepare and pass it for nothing, and it hints at a branch that was lost in an export.
    Inputs of bodies are not judged: Loop prescribes them.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (inputs are the parameters of the graph)

    Bad:
        inputs: {x: [1, 4], mask: [1, 4]}
        layers:
          - {op: Relu, in: x}
    Good:
        inputs: {x: [1, 4], mask: [1, 4]}
        layers:
          - {op: Mul, in: [x, mask]}
    """
    graph = model.graph
    for name in graph.inputs:
        if name not in graph.uses and name not in graph.outputs and name not in graph.weights:
            yield graph.at(f"input {name}").says(f"input '{name}' is never read")
