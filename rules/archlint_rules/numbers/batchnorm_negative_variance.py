from archlint.api import Analysis, Findings, LoadError, Node, rule


@rule("NUM009", on="BatchNormalization", severity="error", needs=("shapes", "weights"))
def batchnorm_negative_variance(norm: Node, analysis: Analysis) -> Findings:
    """A batch normalization whose stored variance is negative, which no variance is.

    The layer divides by sqrt(var + epsilon). A variance below -epsilon makes the channel NaN for
    every input; one that is less negative (a warning) makes it larger than it should be. It comes
    from a wrong order of the weights or from corrupt statistics.

    Source: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html

    Bad:
        inputs: {x: [1, 2, 4, 4]}
        layers:
          - op: BatchNormalization
            weights: {scale: [2], B: [2], input_mean: [2], input_var: [2]}
            init:
              scale: {values: [1.0, 1.0]}
              B: {values: [0.0, 0.0]}
              input_mean: {values: [0.0, 0.0]}
              input_var: {values: [1.0, -1.0]}
    Good:
        inputs: {x: [1, 2, 4, 4]}
        layers:
          - op: BatchNormalization
            weights: {scale: [2], B: [2], input_mean: [2], input_var: [2]}
            init:
              scale: {values: [1.0, 1.0]}
              B: {values: [0.0, 0.0]}
              input_mean: {values: [0.0, 0.0]}
              input_var: {values: [1.0, 0.5]}
    """
    facts = analysis.shapes.inputs(norm)
    epsilon = norm.number("epsilon", 1e-5)
    weight = facts[4].weight if len(facts) > 4 and facts[4] is not None else None
    if weight is None or epsilon is None or norm.integer("training_mode", 0):
        return
    try:
        seen = weight.statistics()
        if seen.minimum >= 0 and not (seen.nan or seen.inf or seen.sampled):
            return
        values = weight.array().reshape(-1)
    except LoadError:
        return
    wrong = [i for i, v in enumerate(values.tolist()) if v < 0]
    if wrong:
        least = min(values.tolist())
        yield norm.at(f"input {norm.input(4)}").says(
            f"variance of channel {wrong[0]} is {float(values[wrong[0]]):g}, below zero "
            f"({len(wrong)} of {len(values)} channels, epsilon {epsilon:g})",
            severity=None if least <= -epsilon else "warning",
            hint="check that scale, B, mean and var are in ONNX's order",
            channels=wrong,
        )
