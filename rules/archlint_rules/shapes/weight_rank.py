from archlint.api import Analysis, Findings, Model, rule


@rule("SHP015", on=Model, severity="error", needs=("shapes",))
def weight_rank(model: Model, analysis: Analysis) -> Findings:
    """A weight with too few axes for its operator.

    A convolution's weight is [M, C/group, k1, ...]: without a spatial axis there is no window.

    Source: https://onnx.ai/onnx/operators/onnx__Conv.html

    Bad:
        inputs: {x: [1, 3, 8]}
        layers:
          - {op: Conv, weights: {W: [4, 3]}}
    Good:
        inputs: {x: [1, 3, 8]}
        layers:
          - {op: Conv, weights: {W: [4, 3, 1]}}
    """
    for defect in analysis.shapes.of("weight-rank"):
        yield defect.says()
