from archlint.api import Analysis, Findings, Model, rule

LIMITS = {"float32": 88.72, "float16": 11.09, "float64": 709.78, "bfloat16": 88.72}

LOOSE = 10_000.0
"""A bound beyond this says nothing about the numbers that occur."""


@rule("NUM013", on=Model, needs=("shapes", "ranges"))
def exp_overflow(model: Model, analysis: Analysis) -> Findings:
    """An exponential that overflows, or may.

    exp(x) is Inf above 88.72 in float32 and above 11.09 in float16 (the logarithms of the largest
    numbers). A warning where every value of the input is above the limit; a remark where the range
    that is known for it reaches beyond. An input of which nothing is known is not told.

    Source: https://onnx.ai/onnx/operators/onnx__Exp.html

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {op: Clip, min: 0.0, max: 100.0}
          - {op: Exp}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {op: Clip, min: 0.0, max: 80.0}
          - {op: Exp}
    """
    for scope in analysis.shapes.scopes:
        for step in scope.steps:
            node, x = step.node, step.ins[0] if step.ins else None
            limit = LIMITS.get(x.dtype or "") if x is not None else None
            if node.op_type != "Exp" or node.domain or limit is None or any(f.constant for f in step.outs):
                continue
            seen = analysis.ranges.of(node.input(0), scope)
            lo, hi = seen.least(), seen.greatest()
            if seen.source != "assumed" and limit < hi < LOOSE:
                yield node.at().says(
                    f"input lies in [{lo:g}, {hi:g}], the exponential overflows above {limit}",
                    severity=None if lo > limit else "info",
                    hint="subtract the largest element first, or clip the input",
                )
