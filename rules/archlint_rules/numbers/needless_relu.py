from archlint.api import Analysis, Findings, Model, rule


@rule("NUM007", on=Model, severity="info", needs=("shapes", "ranges"))
def needless_relu(model: Model, analysis: Analysis) -> Findings:
    """A Relu whose input is never negative, so that it changes nothing.

    It costs a pass over the tensor. More important, the range says that the layer before it is not
    what its author thought: its output was meant to have both signs.

    Source: https://onnx.ai/onnx/operators/onnx__Relu.html

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {op: Sigmoid}
          - {op: Relu}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {op: Tanh}
          - {op: Relu}
    """
    for scope in analysis.shapes.scopes:
        for step in scope.steps:
            node = step.node
            if (
                node.op_type != "Relu"
                or node.domain
                or not node.input(0)
                or any(f.constant for f in step.outs)
            ):
                continue
            before = node.producer()
            if before is not None and before.op_type == "Relu":
                continue
            least = analysis.ranges.of(node.input(0), scope).least()
            if least >= 0:
                yield node.at().says(
                    f"input is never below {least:g}: the Relu changes nothing", hint="remove it"
                )
