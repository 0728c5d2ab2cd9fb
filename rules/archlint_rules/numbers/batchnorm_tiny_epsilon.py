from archlint.api import Analysis, Findings, LoadError, Node, rule


@rule("NUM018", on="BatchNormalization", severity="info", needs=("shapes", "weights"))
def batchnorm_tiny_epsilon(norm: Node, analysis: Analysis, *, gain: float = 10_000.0) -> Findings:
    """A batch normalization that multiplies a channel by an enormous factor.

    A channel whose variance is almost zero is divided by sqrt(var + epsilon); with a small epsilon
    rounding noise becomes signal, and quantization fails. ``gain`` is the factor from which on a
    channel is told.

    Source: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html

    Bad:
        inputs: {x: [1, 2, 4, 4]}
        layers:
          - op: BatchNormalization
            epsilon: 1.0e-12
            weights: {scale: [2], B: [2], input_mean: [2], input_var: [2]}
            init: {scale: {constant: 1.0}, input_var: {constant: 0.0}}
    Good:
        inputs: {x: [1, 2, 4, 4]}
        layers:
          - op: BatchNormalization
            epsilon: 1.0e-5
            weights: {scale: [2], B: [2], input_mean: [2], input_var: [2]}
            init: {scale: {constant: 1.0}, input_var: {constant: 1.0}}
    """
    facts = analysis.shapes.inputs(norm)
    epsilon = norm.number("epsilon", 1e-5)
    if len(facts) < 5 or facts[1] is None or facts[4] is None or epsilon is None:
        return
    scale, variance = facts[1].weight, facts[4].weight
    if scale is None or variance is None or scale.shape != variance.shape or norm.integer("training_mode", 0):
        return
    try:
        gains, spread = scale.statistics(), variance.statistics()
        least = spread.minimum + epsilon
        tame = least > 0 and max(abs(gains.minimum), abs(gains.maximum)) < 0.99 * gain * least**0.5
        if tame and not any(s.nan or s.inf or s.sampled for s in (gains, spread)):
            return
        rows = list(
            zip(scale.array().reshape(-1).tolist(), variance.array().reshape(-1).tolist(), strict=True)
        )
    except LoadError:
        return
    large = [i for i, (s, v) in enumerate(rows) if v + epsilon > 0 and abs(s) >= gain * (v + epsilon) ** 0.5]
    if large:
        s, v = rows[large[0]]
        yield norm.at(f"input {norm.input(4)}").says(
            f"channel {large[0]} is multiplied by {abs(s) / (v + epsilon) ** 0.5:.3g} "
            f"({len(large)} of {len(rows)} channels)",
            hint="use a larger epsilon, or prune channels without variance",
        )
