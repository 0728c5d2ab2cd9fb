from archlint.api import Analysis, Findings, LoadError, Node, rule


@rule("NUM005", on=("Conv", "ConvTranspose", "Gemm", "MatMul"), severity="info", needs=("shapes", "weights"))
def untrained_weights(node: Node, analysis: Analysis, *, at_least: int = 64) -> Findings:
    """A weight that holds one and the same number everywhere.

    It was never trained, or replaced by a placeholder. ``at_least`` is the number of elements from
    which on a constant weight is told; averaging kernels (1/n everywhere) and depthwise kernels are
    left alone.

    Source: https://arxiv.org/abs/2204.00694 (TheDeepChecker: untrained parameters)

    Bad:
        inputs: {x: [1, 16]}
        layers:
          - {op: MatMul, weights: {B: [16, 16]}, init: {B: {constant: 0.5}}}
    Good:
        inputs: {x: [1, 16]}
        layers:
          - {op: MatMul, weights: {B: [16, 16]}, init: {B: {normal: {std: 0.1}}}}
    """
    facts = analysis.shapes.inputs(node)
    weight = facts[1].weight if len(facts) > 1 and facts[1] is not None else None
    if weight is None or weight.numel < at_least or (node.integer("group", 1) or 1) > 1:
        return
    try:
        seen = weight.statistics()
    except LoadError:
        return
    if seen.minimum != seen.maximum or seen.nan or seen.inf:
        return
    window = weight.numel // weight.shape[0] if weight.shape else 1
    if seen.minimum and abs(seen.minimum * window - 1) < 1e-3:
        return
    yield node.at(f"input {node.input(1)}").says(
        f"all {weight.numel:,} weights are {seen.minimum:g}", hint="load the trained weights"
    )
