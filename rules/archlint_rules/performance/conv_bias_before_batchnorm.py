from archlint.api import Findings, Node, rule


@rule("PRF002", on="BatchNormalization", severity="info")
def conv_bias_before_batchnorm(norm: Node) -> Findings:
    """A convolution with a bias right before a batch normalization.

    The normalization subtracts the mean, and the bias with it: training never changed the output
    through it. It can be folded into the normalization's mean.

    Source: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html (the mean is subtracted)

    Bad:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, weights: {W: [4, 3, 3, 3], B: [4]}}
          - {op: BatchNormalization, weights: {scale: [4], B: [4], input_mean: [4], input_var: [4]}}
    Good:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, weights: {W: [4, 3, 3, 3]}}
          - {op: BatchNormalization, weights: {scale: [4], B: [4], input_mean: [4], input_var: [4]}}
    """
    conv = norm.producer()
    if (
        conv is not None
        and conv.op_type in {"Conv", "ConvTranspose"}
        and not conv.domain
        and conv.input(2)
        and conv.sole_reader() is norm
    ):
        yield conv.at(f"input {conv.input(2)}").says(
            f"bias '{conv.input(2)}' is made redundant by BatchNormalization '{norm.label}'",
            hint="subtract it from the stored mean and drop it",
        )
