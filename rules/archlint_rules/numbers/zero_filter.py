from archlint.api import Analysis, Findings, LoadError, Node, rule


@rule("NUM003", on=("Conv", "Gemm"), needs=("shapes", "weights"))
def zero_filter(node: Node, analysis: Analysis, *, share: float = 0.05) -> Findings:
    """An output channel whose weights are all exactly zero.

    The channel is its bias, whatever the input is: dead since training, pruned and left in, or lost
    in a conversion. ``share`` is the part of the channels from which on it is a warning; fewer are a
    remark, since a Fourier basis has such rows by nature. A weight that is zero everywhere is told by
    untrained-weights instead.

    Source: https://arxiv.org/abs/2204.00694 (TheDeepChecker: dead weights)

    Bad:
        inputs: {x: [1, 2]}
        layers:
          - {op: Gemm, transB: 1, B: [[1.0, 2.0], [0.0, 0.0], [3.0, 1.0]]}
    Good:
        inputs: {x: [1, 2]}
        layers:
          - {op: Gemm, transB: 1, B: [[1.0, 2.0], [0.0, 0.5], [3.0, 1.0]]}
    """
    facts = analysis.shapes.inputs(node)
    weight = facts[1].weight if len(facts) > 1 and facts[1] is not None else None
    if weight is None or len(weight.shape) < 2 or weight.numel == 0:
        return
    try:
        if weight.statistics().zeros < weight.numel // max(weight.shape):
            return
        values = weight.array()
    except LoadError:
        return
    if node.op_type == "Gemm" and not node.integer("transB", 0):
        values = values.T
    rows = values.reshape(values.shape[0], -1)
    empty = [i for i, used in enumerate((rows != 0).any(axis=1).tolist()) if not used]
    if empty and len(empty) < len(rows):
        shown = ", ".join(map(str, empty[:5])) + (", ..." if len(empty) > 5 else "")
        yield node.at(f"input {node.input(1)}").says(
            f"{len(empty)} of {len(rows)} output channels have only zero weights ({shown})",
            severity=None if len(empty) >= share * len(rows) else "info",
            hint="prune them with what reads them, or find where the weights were lost",
            channels=empty,
        )
