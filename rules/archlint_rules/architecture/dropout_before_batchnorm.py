from archlint.api import Findings, Node, rule

BETWEEN = {"Relu", "LeakyRelu", "Conv", "Gemm", "MatMul", "Add", "Identity"}


@rule("ARC010", on="BatchNormalization", severity="info", default=False)
def dropout_before_batchnorm(node: Node) -> Findings:
    """A Dropout in front of a batch normalization, which shifts the variance.

    Dropout scales the variance while training and not at inference, but the normalization keeps the
    variance that it saw while training.

    Source: https://arxiv.org/abs/1801.05134 (the disharmony between dropout and batch normalization)

    Bad:
        inputs: {x: [8, 2, 4, 4]}
        layers:
          - {op: Dropout}
          - {op: BatchNormalization, weights: {scale: [2], B: [2], input_mean: [2], input_var: [2]}}
    Good:
        inputs: {x: [8, 2, 4, 4]}
        layers:
          - {op: BatchNormalization, weights: {scale: [2], B: [2], input_mean: [2], input_var: [2]}}
          - {op: Dropout}
    """
    before, _ = node.source(BETWEEN)
    if before is not None and before.op_type == "Dropout":
        yield node.at().says(
            f"BatchNormalization follows Dropout '{before.label}'", hint="put the Dropout after it"
        )
