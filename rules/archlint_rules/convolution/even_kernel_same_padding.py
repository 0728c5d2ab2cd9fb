from archlint.api import Findings, Node, rule
from archlint_rules.convolution.windows import POOLS


@rule("CNV008", on=("Conv", *POOLS), severity="info", default=False)
def even_kernel_same_padding(node: Node) -> Findings:
    """An even window with SAME padding, whose windows cannot be centred.

    One side gets a pixel more than the other, so each such layer shifts the map by half a pixel.

    Source: https://onnx.ai/onnx/operators/onnx__Conv.html (auto_pad)

    Bad:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, auto_pad: SAME_UPPER, kernel_shape: [4, 4], weights: {W: [4, 3, 4, 4]}}
    Good:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, auto_pad: SAME_UPPER, kernel_shape: [3, 3], weights: {W: [4, 3, 3, 3]}}
    """
    kernel = node.integers("kernel_shape") or ()
    strides = node.integers("strides") or (1,) * len(kernel)
    same = node.text("auto_pad", "NOTSET") in {"SAME_UPPER", "SAME_LOWER"}
    if same and not node.domain and any(k % 2 == 0 and s == 1 for k, s in zip(kernel, strides, strict=False)):
        yield node.at("attribute kernel_shape").says(f"kernel {list(kernel)} is even, padding is SAME")
