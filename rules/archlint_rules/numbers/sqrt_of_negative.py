from archlint.api import Analysis, Findings, Model, rule

ROUNDING = 1e-6
"""What the outward rounding of a bound may add."""


@rule("NUM012", on=Model, needs=("shapes", "ranges"))
def sqrt_of_negative(model: Model, analysis: Analysis) -> Findings:
    """A square root of a number that is negative, or may be.

    The result is NaN. A warning where every value of the input is negative; a remark where the range
    that is known for it reaches below zero. An input of which nothing is known is not told.

    Source: https://onnx.ai/onnx/operators/onnx__Sqrt.html (a negative input gives NaN)

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {op: Tanh}
          - {op: Sqrt}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {op: Sigmoid}
          - {op: Sqrt}
    """
    for scope in analysis.shapes.scopes:
        for step in scope.steps:
            node = step.node
            if (
                node.op_type != "Sqrt"
                or node.domain
                or not node.input(0)
                or any(f.constant for f in step.outs)
            ):
                continue
            seen = analysis.ranges.of(node.input(0), scope)
            lo, hi = seen.least(), seen.greatest()
            if seen.source != "assumed" and float("-inf") < lo < -ROUNDING:
                yield node.at().says(
                    f"input lies in [{lo:g}, {hi:g}], below zero the root is NaN",
                    severity=None if hi < 0 else "info",
                    hint="clip the input at zero",
                )
