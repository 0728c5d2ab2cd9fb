from archlint.api import Analysis, Findings, Model, rule


@rule("SHP013", on=Model, severity="error", needs=("shapes",))
def kernel_shape_mismatch(model: Model, analysis: Analysis) -> Findings:
    """A ``kernel_shape`` that is not the shape of the weight.

    The attribute repeats what the weight's last axes say; when they differ, runtimes follow one or
    the other, or refuse.

    Source: https://onnx.ai/onnx/operators/onnx__Conv.html

    Bad:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, kernel_shape: [5, 5], weights: {W: [4, 3, 3, 3]}}
    Good:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, kernel_shape: [3, 3], weights: {W: [4, 3, 3, 3]}}
    """
    for defect in analysis.shapes.of("kernel-shape-mismatch"):
        yield defect.says()
