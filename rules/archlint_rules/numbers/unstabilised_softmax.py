from archlint.api import Analysis, Findings, Model, Node, rule

ENOUGH = 80.0


@rule("NUM015", on=Model, needs=("shapes", "ranges"))
def unstabilised_softmax(model: Model, analysis: Analysis) -> Findings:
    """A Softmax written out as Exp / ReduceSum(Exp) that does not subtract the maximum.

    A logit above 88.72 (float32) overflows to Inf and the result is NaN. Subtracting the largest
    element first changes nothing else; the Softmax operator does it.

    Source: https://onnx.ai/onnx/operators/onnx__Softmax.html (the formula),
    https://onnx.ai/onnx/operators/onnx__Exp.html

    Bad:
        inputs: {x: [1, 10]}
        layers:
          - {name: e, op: Exp, in: x}
          - {name: s, op: ReduceSum, in: e, axes: [1]}
          - {op: Div, in: [e, s]}
    Good:
        inputs: {x: [1, 10]}
        layers:
          - {op: Softmax, in: x}
    """
    for scope in analysis.shapes.scopes:
        for step in scope.steps:
            node = step.node
            if node.op_type != "Div" or node.domain or len(node.inputs) != 2:
                continue
            top, bottom = node.producer(0), node.producer(1)
            if top is None or bottom is None or top.op_type != "Exp" or bottom.op_type != "ReduceSum":
                continue
            if bottom.input(0) != node.input(0) or _shifted(top):
                continue
            if analysis.ranges.of(top.input(0), scope).greatest() > ENOUGH:
                yield node.at().says(
                    f"Exp '{top.label}' / its sum is a Softmax that does not subtract the maximum",
                    hint="use Softmax, or subtract ReduceMax before the Exp",
                )


def _shifted(exp: Node) -> bool:
    """True when the exponent is x - ReduceMax(x), or something that is not a plain tensor."""
    before = exp.producer()
    if before is None or before.op_type != "Sub":
        return False
    least = before.producer(1)
    return least is not None and least.op_type in {"ReduceMax", "Max", "TopK"}
