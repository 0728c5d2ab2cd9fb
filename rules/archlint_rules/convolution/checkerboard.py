from archlint.api import Analysis, Findings, Node, rule
from archlint_rules.convolution.windows import axes


@rule("CNV006", on="ConvTranspose", needs=("shapes",))
def checkerboard(node: Node, analysis: Analysis) -> Findings:
    """A transposed convolution whose kernel is no multiple of its stride.

    Output pixels then receive different numbers of contributions in a regular pattern, which shows
    as a checkerboard; networks learn to hide it only in part.

    Source: https://distill.pub/2016/deconv-checkerboard/

    Bad:
        inputs: {x: [1, 8, 8, 8]}
        layers:
          - {op: ConvTranspose, strides: [2, 2], weights: {W: [8, 4, 3, 3]}}
    Good:
        inputs: {x: [1, 8, 8, 8]}
        layers:
          - {op: ConvTranspose, strides: [2, 2], weights: {W: [8, 4, 4, 4]}}
    """
    for axis in axes(node, analysis):
        if axis.stride > 1 and axis.reach % axis.stride:
            most = -(-axis.reach // axis.stride)
            yield node.at("attribute strides").says(
                f"kernel {axis.reach} is no multiple of stride {axis.stride}: pixels of spatial axis "
                f"{axis.number} are sums of {most - 1} or {most} terms by turns",
                hint=f"use a kernel of {axis.stride * most}, or resize and convolve",
            )
            return
