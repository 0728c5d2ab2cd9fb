from archlint.api import Analysis, Findings, Model, rule


@rule("NUM011", on=Model, needs=("shapes", "ranges"))
def division_by_zero(model: Model, analysis: Analysis) -> Findings:
    """A division by a number that is zero, or may be.

    The result is Inf or NaN. A warning where a constant divisor holds a zero; a remark where the
    range that is known for a computed one contains zero. A divisor of which nothing is known is not
    told.

    Source: https://onnx.ai/onnx/operators/onnx__Div.html

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {op: Div, B: [1.0, 2.0, 0.0, 4.0]}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {op: Div, B: [1.0, 2.0, 3.0, 4.0]}
    """
    for scope in analysis.shapes.scopes:
        for step in scope.steps:
            node = step.node
            if (
                node.op_type != "Div"
                or node.domain
                or not node.input(0)
                or any(f.constant for f in step.outs)
                or len(step.ins) < 2
            ):
                continue
            divisor = step.ins[1]
            seen = analysis.ranges.of(node.input(1), scope)
            lo, hi = seen.least(), seen.greatest()
            known = lo > float("-inf") and hi < float("inf") and seen.source != "assumed"
            if not known or lo > 0 or hi < 0 or divisor is None:
                continue
            if divisor.constant:
                array = seen.array
                if array is not None and array.dtype.kind == "f" and (array == 0).any():
                    yield node.at(f"input {node.input(1)}").says(
                        f"constant divisor holds {int((array == 0).sum())} zeros of {array.size} values"
                    )
            elif divisor.dtype in {"float32", "float16", "float64"} and lo <= 0 <= hi:
                yield node.at(f"input {node.input(1)}").says(
                    f"divisor lies in [{lo:g}, {hi:g}], which contains zero",
                    severity="info",
                    hint="add a small positive number, or clip it",
                )
