from archlint.api import Analysis, Findings, Node, rule


@rule("ARC005", on=("Softmax", "LogSoftmax"), needs=("shapes",))
def softmax_over_batch(node: Node, analysis: Analysis) -> Findings:
    """A final Softmax that runs over the batch.

    It makes the samples of a batch compete with each other, so that an answer depends on what else
    is asked. Told for an output [batch, classes] whose axis 0 is the open axis 0 of every input.

    Source: https://onnx.ai/onnx/operators/onnx__Softmax.html (axis)

    Bad:
        inputs: {x: [N, 10]}
        layers:
          - {op: Softmax, axis: 0}
    Good:
        inputs: {x: [N, 10]}
        layers:
          - {op: Softmax, axis: 1}
    """
    facts = analysis.shapes.inputs(node)
    shape = facts[0].shape if facts and facts[0] is not None else None
    if shape is None or len(shape) != 2 or isinstance(shape[0], int) or node.domain:
        return
    axis = node.integer("axis", -1 if analysis.model.opsets.get("", 13) >= 13 else 1)
    inputs = [
        f for name, f in analysis.model.graph.inputs.items() if name not in analysis.model.graph.weights
    ]
    batch = all(f.shape and f.shape[0] == shape[0] for f in inputs)
    if axis in (0, -2) and batch and node.output(0) in node.graph.outputs:
        yield node.at("attribute axis").says(
            f"{node.op_type} over axis 0 of {facts[0]} normalizes across the batch '{shape[0]}'",
            hint="set axis: 1",
        )
