from archlint.api import Analysis, Findings, Node, rule
from archlint_rules.convolution.windows import POOLS, axes


@rule("CNV005", on=("Conv", *POOLS), needs=("shapes",), local=True)
def padding_wider_than_kernel(node: Node, analysis: Analysis) -> Findings:
    """Padding at least as wide as the window, so that border outputs see no input at all.

    Those outputs are the bias of a convolution, or the padding of a pool: work and memory for a
    constant frame. A 1x1 convolution with padding 1 is the usual case.

    Source: https://onnx.ai/onnx/operators/onnx__Conv.html (pads are added before the window slides)

    Bad:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, pads: [1, 1, 1, 1], weights: {W: [4, 3, 1, 1]}}
    Good:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, weights: {W: [4, 3, 1, 1]}}
    """
    for axis in axes(node, analysis):
        widest = max(axis.begin, axis.end)
        if widest >= axis.reach:
            rim = (axis.begin - axis.reach) // axis.stride + 1 if axis.begin >= axis.reach else 0
            where = f"the first {rim} outputs" if rim > 1 else "the border outputs"
            yield node.at("attribute pads").says(
                f"padding {widest} is not smaller than the window of {axis.reach}: "
                f"{where} of spatial axis {axis.number} see only padding",
                hint=f"pad by at most {axis.reach - 1}",
                padding=widest,
                window=axis.reach,
            )
            return
