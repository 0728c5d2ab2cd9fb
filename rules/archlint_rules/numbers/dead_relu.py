from archlint.api import Analysis, Findings, Model, rule


@rule("NUM006", on=Model, needs=("shapes", "ranges"))
def dead_relu(model: Model, analysis: Analysis) -> Findings:
    """A Relu that can only give zero, for some channels or for all.

    The largest value that its input can take is not positive, whatever the model's input is: the
    channels are dead and no gradient reaches what is before them. The bound is computed from the
    stored weights and from the ranges of earlier operators.

    Source: https://arxiv.org/abs/2204.00694 (TheDeepChecker: dead activations)

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {op: Sigmoid}
          - {op: Gemm, weights: {B: [4, 4], C: [4]}, init: {B: {constant: -0.5}, C: {constant: -1.0}}}
          - {op: Relu}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {op: Sigmoid}
          - {op: Gemm, weights: {B: [4, 4], C: [4]}, init: {B: {constant: 0.5}, C: {constant: -1.0}}}
          - {op: Relu}
    """
    for scope in analysis.shapes.scopes:
        for step in scope.steps:
            if (
                step.node.op_type != "Relu"
                or step.node.domain
                or not step.node.input(0)
                or any(f.constant for f in step.outs)
            ):
                continue
            seen = analysis.ranges.of(step.node.input(0), scope)
            if seen.least() > 0 or seen.source == "assumed":
                continue
            ends = [seen.hi] if isinstance(seen.hi, (int, float)) else seen.hi.reshape(-1).tolist()
            dead = [i for i, end in enumerate(ends) if end <= 0]
            if dead:
                which = f"{len(dead)} of {len(ends)} channels" if len(ends) > 1 else "its result"
                yield step.node.at().says(
                    f"{which} can only be zero: the input is at most {max(ends[i] for i in dead):g}",
                    hint="remove the dead channels, or retrain the layer before",
                    channels=dead,
                )
