from archlint.api import Findings, Node, rule


@rule("ARC004", on=("Softmax", "LogSoftmax"))
def activation_before_softmax(node: Node) -> Findings:
    """A final Softmax whose logits went through another activation.

    Relu cuts all negative logits to the same value, Sigmoid and Tanh keep the largest probability
    far below one. Only a Softmax that makes an output of the model is judged; attention does this
    on purpose.

    Source: https://doi.org/10.1145/3411764.3445538 (UMLAUT: the final layer has an activation)

    Bad:
        inputs: {x: [1, 10]}
        layers:
          - {op: Relu}
          - {op: Softmax}
    Good:
        inputs: {x: [1, 10]}
        layers:
          - {op: Softmax}
    """
    before = node.producer()
    if (
        before is not None
        and before.op_type in {"Relu", "Sigmoid", "Tanh"}
        and not before.domain
        and node.graph.owner is None
        and node.output(0) in node.graph.outputs
    ):
        yield node.at().says(
            f"logits go through {before.op_type} '{before.label}' before {node.op_type}",
            hint=f"remove the {before.op_type}",
        )
