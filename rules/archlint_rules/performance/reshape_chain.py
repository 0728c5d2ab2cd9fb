from archlint.api import Findings, Node, rule

KINDS = ("Reshape", "Flatten", "Squeeze", "Unsqueeze")


@rule("PRF011", on="Reshape", severity="info")
def reshape_chain(node: Node) -> Findings:
    """A Reshape of the result of another reshape that nothing else reads.

    Only the last one matters: the elements keep their order. (A target that copies sizes by zeros
    reads the shape between the two and is left alone.)

    Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ONNX_Runtime_Graph_Optimizations.md
    (Reshape Fusion)

    Bad:
        inputs: {x: [2, 3, 4]}
        layers:
          - {op: Reshape, shape: [6, 4]}
          - {op: Reshape, shape: [24]}
    Good:
        inputs: {x: [2, 3, 4]}
        layers:
          - {op: Reshape, shape: [24]}
    """
    before = node.producer()
    if before is None or before.op_type not in KINDS or before.domain or node.domain:
        return
    target = node.graph.weight(node.input(1))
    values = target.small_values() if target is not None else None
    if before.sole_reader() is node and values is not None and 0 not in values:
        yield node.at().says(
            f"Reshape to {list(values)} follows {before.op_type} '{before.label}', which it makes needless",
            hint=f"reshape '{before.input(0)}' directly",
        )
