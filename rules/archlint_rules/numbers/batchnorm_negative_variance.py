from archlint.api import Analysis, Findings, Node, rule
from archlint_rules.numbers.batchnorm import low_variances


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
            init: {scale: {constant: 1.0}, input_var: {values: [1.0, -1.0]}}
    Good:
        inputs: {x: [1, 2, 4, 4]}
        layers:
          - op: BatchNormalization
            weights: {scale: [2], B: [2], input_mean: [2], input_var: [2]}
            init: {scale: {constant: 1.0}, input_var: {values: [1.0, 0.5]}}
    """
    found = low_variances(norm, analysis, 0.0)
    if found is None:
        return
    values, epsilon = found
    wrong = [i for i, v in enumerate(values) if v < 0]
    if wrong:
        least = min(values)
        yield norm.at(f"input {norm.input(4)}").says(
            f"variance of channel {wrong[0]} is {values[wrong[0]]:g}, below zero "
            f"({len(wrong)} of {len(values)} channels, epsilon {epsilon:g})",
            severity=None if least <= -epsilon else "warning",
            hint="check that scale, B, mean and var are in ONNX's order",
            channels=wrong,
        )
