from archlint.api import Analysis, Findings, Node, rule


@rule("ARC006", on=("Softmax", "LogSoftmax"), needs=("shapes",))
def single_class_softmax(node: Node, analysis: Analysis) -> Findings:
    """A Softmax over a single element, whose result is always one.

    exp(x) / exp(x) = 1 (and 0 after LogSoftmax) whatever x is: the layer before it has no effect. A
    head for two classes needs two logits, or a Sigmoid on one.

    Source: https://onnx.ai/onnx/operators/onnx__Softmax.html

    Bad:
        inputs: {x: [8, 1]}
        layers:
          - {op: Softmax, axis: 1}
    Good:
        inputs: {x: [8, 1]}
        layers:
          - {op: Sigmoid}
    """
    facts = analysis.shapes.inputs(node)
    shape = facts[0].shape if facts and facts[0] is not None else None
    modern = analysis.model.opsets.get("", 13) >= 13
    axis = node.integer("axis", -1 if modern else 1)
    if not shape or axis is None or node.domain or not -len(shape) <= axis < len(shape):
        return
    axis %= len(shape)
    sizes = shape[axis : axis + 1] if modern else shape[axis:]
    if all(size == 1 for size in sizes):
        value = "0" if node.op_type == "LogSoftmax" else "1"
        yield node.at().says(
            f"{node.op_type} over axis {axis} of {facts[0]}, which has one element: the result is always {value}",
            hint="use a Sigmoid for one logit, or normalize over another axis",
        )
