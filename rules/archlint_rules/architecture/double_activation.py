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
    "Softsign",
    "Mish",
    "Clip",
)
BETWEEN = {"Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"}


@rule("ARC003", on=KINDS)
def double_activation(node: Node) -> Findings:
    """The same activation applied twice in a row.

    Relu(Relu(x)) is Relu(x); two Sigmoids or Tanhs in a row squeeze the signal for no reason. A
    layer between them was lost, or one of them was added twice. Operators that only move elements are
    looked through; two Clips are told when they have the same bounds.

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
    before, _ = node.source(BETWEEN)
    if before is not None and before is not node and before.kind == node.kind and _alike(node, before):
        what = "changes nothing" if node.op_type in {"Relu", "Clip"} else "squeezes its result again"
        direct = "directly after" if node.producer() is before else "again after"
        yield node.at().says(
            f"{node.op_type} {direct} {before.op_type} '{before.label}' {what}",
            hint="remove one, or find the layer that should stand between them",
        )


def _alike(node: Node, before: Node) -> bool:
    """True for two activations of one kind; Clips need the same constant bounds."""
    if node.op_type != "Clip":
        return True
    if node.attrs != before.attrs or max(len(node.inputs), len(before.inputs)) > 3:
        return False
    bounds = [_bounds(n) for n in (node, before)]
    return None not in bounds and bounds[0] == bounds[1]


def _bounds(clip: Node) -> list[object] | None:
    """The stored bounds of a Clip; None when one of them is computed."""
    found: list[object] = []
    for name in clip.inputs[1:]:
        weight = clip.graph.weight(name) if name else None
        values = weight.small_values() if weight is not None else None
        if name and values is None:
            return None
        found.append(values)
    return found
