from archlint.api import Analysis, Findings, Node, rule


@rule("SHP010", on="Conv", severity="error", needs=("shapes",))
def conv_channel_mismatch(conv: Node, analysis: Analysis) -> Findings:
    """A convolution whose weight was made for another number of input channels.

    The weight of a Conv has shape ``[C_out, C_in / group, ...]``. onnx.checker and onnxruntime
    load a model where it does not fit the input, and the first run fails.

    Source: https://onnx.ai/onnx/operators/onnx__Conv.html

    Bad:
        inputs: {x: [1, 256, 25, 25]}
        layers:
          - {op: Conv, weights: {W: [128, 512, 1, 1]}}
    Good:
        inputs: {x: [1, 512, 25, 25]}
        layers:
          - {op: Conv, weights: {W: [128, 512, 1, 1]}}
    """
    for defect in analysis.shapes.of("conv-channel-mismatch", conv):
        error = defect.error
        yield conv.at(error.subject).error(error.message, hint=error.help, **error.data)
