from math import gcd

from archlint.api import Analysis, Findings, Node, rule
from archlint_rules.convolution.windows import axes

POINTWISE = {
    "Relu",
    "LeakyRelu",
    "PRelu",
    "Elu",
    "Sigmoid",
    "BatchNormalization",
    "Clip",
    "HardSwish",
    "Dropout",
}

LONGEST = 64


@rule("CNV007", on="Conv", severity="info", needs=("shapes",))
def gridding(node: Node, analysis: Analysis, *, layers: int = 3) -> Findings:
    """Stacked dilated convolutions whose dilations have a common factor.

    With rates 2, 2, 2 or 2, 4, 8 an output depends only on pixels of one parity: neighbouring outputs
    look at disjoint grids of the input. Rates without a common factor cover every pixel. ``layers``
    is the number of layers in a row from which on the stack is told.

    Source: https://paperswithcode.com/paper/smoothed-dilated-convolutions-for-improved (gridding artifacts)

    Bad:
        inputs: {x: [1, 4, 64, 64]}
        layers:
          - {op: Conv, dilations: [2, 2], weights: {W: [4, 4, 3, 3]}}
          - {op: Conv, dilations: [2, 2], weights: {W: [4, 4, 3, 3]}}
          - {op: Conv, dilations: [2, 2], weights: {W: [4, 4, 3, 3]}}
    Good:
        inputs: {x: [1, 4, 64, 64]}
        layers:
          - {op: Conv, dilations: [1, 1], weights: {W: [4, 4, 3, 3]}}
          - {op: Conv, dilations: [2, 2], weights: {W: [4, 4, 3, 3]}}
          - {op: Conv, dilations: [5, 5], weights: {W: [4, 4, 3, 3]}}
    """
    if max(node.integers("dilations") or (1,)) == 1 or _next(node) is not None:
        return
    rates: list[int] = []
    here: Node | None = node
    while here is not None and len(rates) < LONGEST:
        found = [axis for axis in axes(here, analysis) if axis.kernel > 1]
        if not found or any(axis.stride > 1 for axis in found):
            break
        rates.append(min(axis.dilation for axis in found))
        here = _previous(here)
    common = gcd(*rates) if rates else 1
    if len(rates) >= layers and common > 1:
        shown = ", ".join(map(str, rates[::-1]))
        yield node.at("attribute dilations").says(
            f"dilations {shown} in a row have the common factor {common}",
            hint="mix rates without a common factor, such as 1, 2, 5",
        )


def _previous(node: Node) -> Node | None:
    """The convolution before ``node``, through pointwise operators."""
    before, _ = node.source(POINTWISE)
    return before if before is not None and before.kind == "Conv" else None


def _next(node: Node) -> Node | None:
    """The dilated convolution that alone reads ``node``, through pointwise operators."""
    after = node.sole_reader()
    for _ in range(LONGEST):
        if after is None or after.kind not in POINTWISE:
            break
        after = after.sole_reader()
    dilated = after is not None and max(after.integers("dilations") or (1,)) > 1
    return after if dilated and after is not None and after.op_type == "Conv" else None
