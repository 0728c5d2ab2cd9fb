from archlint.api import Analysis, Findings, Node, rule
from archlint_rules.convolution.windows import POOLS, axes


@rule("CNV003", on=("Conv", *POOLS), severity="info", needs=("shapes",), default=False)
def asymmetric_padding(node: Node, analysis: Analysis) -> Findings:
    """Padding that differs between the two ends of an axis.

    The feature map shifts by half a pixel against the image. TensorFlow's SAME padding exports like
    this on purpose; some accelerators do not support it.

    Source: https://onnx.ai/onnx/operators/onnx__Conv.html (SAME_UPPER puts the odd pixel at the end)

    Bad:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, pads: [0, 0, 1, 1], weights: {W: [4, 3, 3, 3]}}
    Good:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, pads: [1, 1, 1, 1], weights: {W: [4, 3, 3, 3]}}
    """
    for axis in axes(node, analysis):
        if axis.begin != axis.end:
            yield node.at("attribute pads").says(
                f"spatial axis {axis.number} is padded by {axis.begin} before and {axis.end} after"
            )
            return
