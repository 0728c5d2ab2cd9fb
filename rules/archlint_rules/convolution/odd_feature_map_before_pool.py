from archlint.api import Analysis, Findings, Node, rule
from archlint_rules.convolution.windows import POOLS, axes


@rule("CNV011", on=("Conv", *POOLS), severity="info", needs=("shapes",), default=False)
def odd_feature_map_before_pool(node: Node, analysis: Analysis) -> Findings:
    """A layer of stride 2 that halves a map of odd size.

    The half is rounded, so a map that is later doubled again is one pixel too large or too small for a
    skip connection. Most classifiers never double a map, so the rule is off by default.

    Source: https://onnx.ai/onnx/operators/onnx__MaxPool.html (the size is rounded down, or up with
    ceil_mode)

    Bad:
        inputs: {x: [1, 8, 15, 15]}
        layers:
          - {op: MaxPool, kernel_shape: [2, 2], strides: [2, 2]}
    Good:
        inputs: {x: [1, 8, 16, 16]}
        layers:
          - {op: MaxPool, kernel_shape: [2, 2], strides: [2, 2]}
    """
    for axis in axes(node, analysis):
        size = axis.size
        if axis.stride == 2 and isinstance(size, int) and size % 2 and size > 1:
            yield node.at(f"input {node.input(0)}").says(
                f"spatial axis {axis.number} has the odd size {size} at a stride of 2",
                hint=f"sizes {size - 1} and {size + 1} can be halved",
            )
            return
