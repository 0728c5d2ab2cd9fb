from archlint.api import Analysis, Findings, Model, rule


@rule("SHP012", on=Model, severity="error", needs=("shapes",))
def group_not_dividing(model: Model, analysis: Analysis) -> Findings:
    """A grouped convolution whose group count does not divide its channels.

    ``group`` splits input and output channels into equal parts, so it has to divide both. A
    runtime refuses the node when it builds or first runs the model.

    Source: https://onnx.ai/onnx/operators/onnx__Conv.html

    Bad:
        inputs: {x: [1, 6, 8, 8]}
        layers:
          - {op: Conv, group: 4, weights: {W: [8, 2, 3, 3]}}
    Good:
        inputs: {x: [1, 8, 8, 8]}
        layers:
          - {op: Conv, group: 4, weights: {W: [8, 2, 3, 3]}}
    """
    for defect in analysis.shapes.of("group-not-dividing"):
        yield defect.says()
