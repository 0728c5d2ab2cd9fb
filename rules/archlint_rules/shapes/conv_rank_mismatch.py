from archlint.api import Analysis, Findings, Model, rule


@rule("SHP014", on=Model, severity="error", needs=("shapes",))
def conv_rank_mismatch(model: Model, analysis: Analysis) -> Findings:
    """A convolution whose input and weight have different numbers of axes.

    Input [N, C, ...] and weight [M, C/group, ...] have one spatial axis each for every dimension of
    the image, so their ranks are equal.

    Source: https://onnx.ai/onnx/operators/onnx__Conv.html

    Bad:
        inputs: {x: [1, 3, 8]}
        layers:
          - {op: Conv, weights: {W: [4, 3, 3, 3]}}
    Good:
        inputs: {x: [1, 3, 8]}
        layers:
          - {op: Conv, weights: {W: [4, 3, 3]}}
    """
    for defect in analysis.shapes.of("conv-rank-mismatch"):
        yield defect.says()
