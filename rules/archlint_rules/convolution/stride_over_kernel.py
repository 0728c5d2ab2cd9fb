from archlint.api import Analysis, Findings, Node, rule
from archlint_rules.convolution.windows import POOLS, axes


@rule("CNV002", on=("Conv", *POOLS), needs=("shapes",), local=True)
def stride_over_kernel(node: Node, analysis: Analysis) -> Findings:
    """A stride that is larger than the window, so that pixels between windows are never read.

    A 1x1 window with a stride of 2 subsamples on purpose (the shortcuts of residual networks), so it
    is told as a remark only.

    Source: https://arxiv.org/abs/1812.01187 (bag of tricks: a strided 1x1 convolution ignores three
    quarters of its input)

    Bad:
        inputs: {x: [1, 3, 12, 12]}
        layers:
          - {op: MaxPool, kernel_shape: [2, 2], strides: [3, 3]}
    Good:
        inputs: {x: [1, 3, 12, 12]}
        layers:
          - {op: MaxPool, kernel_shape: [3, 3], strides: [3, 3]}
    """
    found = [axis for axis in axes(node, analysis) if axis.stride > axis.reach and axis.size != 1]
    if not found:
        return
    first = found[0]
    points = all(axis.reach == 1 for axis in axes(node, analysis))
    share = 1.0
    for axis in found:
        share *= axis.reach / axis.stride
    yield node.at("attribute strides").says(
        f"stride {first.stride} steps over a window of {first.reach}: "
        f"{100 * (1 - share):.0f} % of the input is never read",
        severity="info" if points else None,
        hint="average-pool before a 1x1 window, or use a window at least as large as the stride",
    )
