from archlint.api import Analysis, Findings, Node, rule


@rule("PRF013", on="Conv", severity="info", needs=("shapes",), default=False)
def unequal_channels(conv: Node, analysis: Analysis, *, ratio: float = 4.0) -> Findings:
    """A 1x1 convolution whose input is much wider than its output, or the other way round.

    For a given number of multiplications it moves the fewest bytes when both are equal. ``ratio`` is
    the factor from which on it is told; layers of one pixel cost nothing and are left alone.

    Source: https://arxiv.org/abs/1807.11164 (guideline 1: equal channel width minimizes memory access)

    Bad:
        inputs: {x: [1, 16, 8, 8]}
        layers:
          - {op: Conv, weights: {W: [128, 16, 1, 1]}}
    Good:
        inputs: {x: [1, 64, 8, 8]}
        layers:
          - {op: Conv, weights: {W: [128, 64, 1, 1]}}
    """
    facts = analysis.shapes.inputs(conv)
    x, w = (facts[0], facts[1]) if len(facts) > 1 else (None, None)
    if x is None or w is None or not w.shape or len(w.shape) < 3 or conv.integer("group", 1) != 1:
        return
    outward, inward = w.shape[:2]
    point = all(k == 1 for k in w.shape[2:])
    if not point or not isinstance(outward, int) or not isinstance(inward, int) or min(outward, inward) < 1:
        return
    if all(size == 1 for size in (x.shape or ())[2:]):
        return
    if max(outward, inward) >= ratio * min(outward, inward):
        yield conv.at().says(
            f"1x1 convolution from {inward} to {outward} channels",
            hint="bring the widths nearer to each other",
        )
