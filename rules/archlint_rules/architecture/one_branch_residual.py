from archlint.api import Analysis, Findings, Node, rule

TRACE = {"Identity", "Dropout"}
LAYERS = {
    "Conv",
    "ConvTranspose",
    "Gemm",
    "MatMul",
    "BatchNormalization",
    "Relu",
    "LayerNormalization",
    "Add",
}


@rule("ARC014", on="Add", needs=("shapes",))
def one_branch_residual(node: Node, analysis: Analysis) -> Findings:
    """An addition of a layer's result to itself.

    It doubles the tensor. Where a residual connection was meant, one of its two branches was lost
    or connected to the wrong tensor. Dropouts and Identities on the way are looked through.

    Source: https://arxiv.org/abs/1512.03385 (a residual adds the input of the block to its result)

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {name: a, op: Relu}
          - {name: s, op: Add, in: [a, a]}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {name: a, op: Relu}
          - {name: s, op: Add, in: [a, x]}
    """
    if len(node.inputs) != 2 or node.domain:
        return
    makers = [node.source(TRACE, slot) for slot in (0, 1)]
    (maker, name), (_, other) = makers
    if name == other and maker is not None and maker.op_type in LAYERS:
        yield node.at().says(
            f"both terms are '{name}' (of {maker.op_type} '{maker.label}'): the sum is twice it",
            hint="connect the other branch, or multiply by 2",
        )
