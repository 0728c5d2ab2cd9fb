from archlint.api import Analysis, Findings, Node, rule


@rule("PRF014", on="Conv", severity="info", needs=("shapes",), default=False)
def excessive_groups(conv: Node, analysis: Analysis, *, limit: int = 16) -> Findings:
    """A convolution of very many groups that is not depthwise.

    Each group is a small product of its own: the bytes moved for a multiplication rise with the number
    of groups. ``limit`` is the number up to which groups are fine; depthwise layers have their own
    kernels.

    Source: https://arxiv.org/abs/1807.11164 (guideline 2: excessive group convolution increases memory
    access)

    Bad:
        inputs: {x: [1, 64, 8, 8]}
        layers:
          - {op: Conv, group: 32, weights: {W: [64, 2, 3, 3]}}
    Good:
        inputs: {x: [1, 64, 8, 8]}
        layers:
          - {op: Conv, group: 8, weights: {W: [64, 8, 3, 3]}}
    """
    group = conv.integer("group", 1)
    facts = analysis.shapes.inputs(conv)
    shape = facts[1].shape if len(facts) > 1 and facts[1] is not None else None
    if group is not None and group > limit and shape and len(shape) > 2 and shape[1] != 1:
        yield conv.at("attribute group").says(
            f"{group} groups of {shape[1]} input channels each", hint=f"use at most {limit} groups"
        )
