from archlint.api import Analysis, Findings, Model, rule


@rule("SHP016", on=Model, severity="error", needs=("shapes",))
def window_rank_mismatch(model: Model, analysis: Analysis) -> Findings:
    """A window attribute with another number of axes than the image.

    ``kernel_shape``, ``strides`` and ``dilations`` have one value for each spatial axis, ``pads``
    two.

    Source: https://onnx.ai/onnx/operators/onnx__MaxPool.html

    Bad:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: MaxPool, kernel_shape: [2, 2], strides: [2]}
    Good:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: MaxPool, kernel_shape: [2, 2], strides: [2, 2]}
    """
    for defect in analysis.shapes.of("window-rank-mismatch"):
        yield defect.says()
