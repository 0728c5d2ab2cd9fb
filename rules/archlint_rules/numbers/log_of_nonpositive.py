from archlint.api import Analysis, Findings, Model, rule


@rule("NUM010", on=Model, needs=("shapes", "ranges"))
def log_of_nonpositive(model: Model, analysis: Analysis) -> Findings:
    """A logarithm of a number that is not positive.

    log(0) is -Inf and the log of a negative number NaN. A warning where every value of the input is
    zero or less; a remark where the range that is known for it reaches zero or below. An input of
    which nothing is known is not told.

    Source: https://onnx.ai/onnx/operators/onnx__Log.html

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {op: Tanh}
          - {op: Log}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {op: Exp}
          - {op: Clip, min: 1.0e-6}
          - {op: Log}
    """
    for scope in analysis.shapes.scopes:
        for step in scope.steps:
            node = step.node
            if (
                node.op_type != "Log"
                or node.domain
                or not node.input(0)
                or any(f.constant for f in step.outs)
            ):
                continue
            seen = analysis.ranges.of(node.input(0), scope)
            lo, hi = seen.least(), seen.greatest()
            if seen.source == "assumed" or lo == float("-inf") or lo > 0:
                continue
            before = node.producer()
            if before is not None and before.op_type in {"Softmax", "ReduceSum", "Sigmoid"} and lo == 0:
                continue
            yield node.at().says(
                f"input lies in [{lo:g}, {hi:g}], the logarithm needs positive numbers",
                severity=None if hi <= 0 else "info",
                hint="clip the input from below",
            )
