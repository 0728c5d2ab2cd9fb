from archlint.api import Findings, Node, rule

ACTIVATIONS = {"Relu", "Sigmoid", "Tanh", "LeakyRelu", "Elu", "HardSigmoid"}


@rule("ARC015", on=("BatchNormalization", "InstanceNormalization"), severity="info", default=False)
def norm_after_activation(norm: Node) -> Findings:
    """A normalization that directly follows an activation.

    Directly behind a convolution it folds into the weights and costs nothing; behind an activation it
    stays a pass over the tensor, and after a Relu it normalizes half of a distribution. Many networks
    do it on purpose, so the rule is off by default.

    Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ONNX_Runtime_Graph_Optimizations.md
    (Conv BatchNorm Fusion)

    Bad:
        inputs: {x: [1, 4, 8, 8]}
        layers:
          - {op: Relu}
          - {op: BatchNormalization, weights: {scale: [4], B: [4], input_mean: [4], input_var: [4]}}
    Good:
        inputs: {x: [1, 4, 8, 8]}
        layers:
          - {op: BatchNormalization, weights: {scale: [4], B: [4], input_mean: [4], input_var: [4]}}
          - {op: Relu}
    """
    before = norm.producer()
    if before is not None and before.op_type in ACTIVATIONS and not before.domain and not norm.domain:
        yield norm.at().says(
            f"{norm.op_type} directly after {before.op_type} '{before.label}'",
            hint="normalize before the activation",
        )
