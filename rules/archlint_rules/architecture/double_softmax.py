from archlint.api import Analysis, Findings, Node, rule


@rule("ARC002", on=("Softmax", "LogSoftmax"), needs=("shapes",))
def double_softmax(node: Node, analysis: Analysis) -> Findings:
    """A Softmax of the result of another Softmax on the same axis.

    The second one squeezes probabilities from [0, 1] into a narrow band: with n classes no result
    exceeds e / (e + n - 1). A framework's loss often contains a Softmax already.

    Source: https://doi.org/10.1145/3411764.3445538 (UMLAUT: a wrong last activation),
    https://onnx.ai/onnx/operators/onnx__Softmax.html

    Bad:
        inputs: {x: [1, 10]}
        layers:
          - {op: Softmax, axis: -1}
          - {op: Softmax, axis: -1}
    Good:
        inputs: {x: [1, 10]}
        layers:
          - {op: Softmax, axis: -1}
    """
    before, _ = node.source({"Identity", "Dropout"})
    if before is None or before.op_type != "Softmax" or before.domain or node.domain:
        return
    facts = analysis.shapes.inputs(node)
    rank = facts[0].rank if facts and facts[0] is not None else None
    default = -1 if analysis.model.opsets.get("", 13) >= 13 else 1
    axes = [n.integer("axis", default) for n in (node, before)]
    if rank is not None:
        axes = [a % rank if a is not None and rank else a for a in axes]
    if axes[0] is not None and axes[0] == axes[1]:
        yield node.at().says(
            f"{node.op_type} of '{before.label}', which is a Softmax on the same axis {axes[0]}",
            hint="remove one of them",
        )
