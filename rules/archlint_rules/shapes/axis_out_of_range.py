from archlint.api import Analysis, Findings, Model, rule


@rule("SHP006", on=Model, severity="error", needs=("shapes",))
def axis_out_of_range(model: Model, analysis: Analysis) -> Findings:
    """An axis that the tensor does not have.

    Axes count from -r to r-1 in a tensor of rank r. It usually means that a model was written for
    another layout or lost a batch axis.

    Source: https://onnx.ai/onnx/operators/onnx__Concat.html

    Bad:
        inputs: {x: [2, 6]}
        layers:
          - {op: Concat, in: [x, x], axis: 2}
    Good:
        inputs: {x: [2, 6]}
        layers:
          - {op: Concat, in: [x, x], axis: 1}
    """
    for defect in analysis.shapes.of("axis-out-of-range"):
        yield defect.says()
