from archlint.api import Findings, Node, rule

KINDS = (
    "Relu",
    "Sigmoid",
    "Tanh",
    "LeakyRelu",
    "Elu",
    "Selu",
    "Softplus",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
)


@rule("ARC003", on=KINDS)
def double_activation(node: Node) -> Findings:
    """The same activation applied twice in a row.

    Relu(Relu(x)) is Relu(x); two Sigmoids or Tanhs in a row squeeze the signal for no reason. A
    layer between them was lost, or one of them was added twice.

    Source: https://onnx.ai/onnx/operators/onnx__Relu.html

    Bad:
        inputs: {x: [1, 10]}
        layers:
          - {op: Relu}
          - {op: Relu}
    Good:
        inputs: {x: [1, 10]}
        layers:
          - {op: Relu}
    """
    before = node.producer()
    if before is not None and before.kind == node.kind and len(before.outputs) == 1:
        what = "changes nothing" if node.op_type == "Relu" else "squeezes its result again"
        yield node.at().says(
            f"{node.op_type} directly after {before.op_type} '{before.label}' {what}",
            hint="remove one, or find the layer that should stand between them",
        )
