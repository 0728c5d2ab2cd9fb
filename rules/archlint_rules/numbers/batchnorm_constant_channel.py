from archlint.api import Analysis, Findings, Model, Node, rule
from archlint_rules.numbers.batchnorm import low_variances


@rule("NUM024", on=Model, severity="info", needs=("shapes", "weights"))
def batchnorm_constant_channel(model: Model, analysis: Analysis) -> Findings:
    """A batch normalization with channels whose stored variance is below its epsilon.

    The channel was constant while the model was trained: what feeds it is dead, and can be pruned with
    it. Should it vary at inference after all, epsilon alone decides how it is scaled. One finding is
    given for each graph.

    Source: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html (sqrt(var + epsilon))

    Bad:
        inputs: {x: [1, 2, 4, 4]}
        layers:
          - op: BatchNormalization
            weights: {scale: [2], B: [2], input_mean: [2], input_var: [2]}
            init: {scale: {constant: 1.0}, input_var: {values: [1.0, 0.0]}}
    Good:
        inputs: {x: [1, 2, 4, 4]}
        layers:
          - op: BatchNormalization
            weights: {scale: [2], B: [2], input_mean: [2], input_var: [2]}
            init: {scale: {constant: 1.0}, input_var: {values: [1.0, 0.5]}}
    """
    for graph in model.graphs():
        norms = [n for n in graph.nodes if n.op_type == "BatchNormalization" and not n.domain]
        found = [(norm, counts) for norm in norms if (counts := _constant(norm, analysis)) is not None]
        if found:
            norm, (constant, channels, epsilon) = found[0]
            more = f", and in {len(found) - 1} more layers" if len(found) > 1 else ""
            yield norm.at(f"input {norm.input(4)}").says(
                f"variance is below epsilon ({epsilon:g}) in {constant} of {channels} channels{more}",
                hint="prune the channels together with the filters that feed them",
                layers=len(found),
            )


def _constant(norm: Node, analysis: Analysis) -> tuple[int, int, float] | None:
    """Channels with a variance between 0 and epsilon, all channels, and epsilon."""
    found = low_variances(norm, analysis)
    if found is None:
        return None
    values, epsilon = found
    constant = sum(0 <= v < epsilon for v in values)
    return (constant, len(values), epsilon) if constant else None
