from archlint.api import Analysis, Findings, Model, rule


@rule("SHP001", on=Model, severity="error", needs=("shapes",))
def shape_mismatch(model: Model, analysis: Analysis) -> Findings:
    """Inputs of an operator whose shapes do not fit each other.

    The inner sizes of a product differ, tensors to join differ off the axis, or two shapes do not
    broadcast. The file loads, and the first run fails.

    Source: https://onnx.ai/onnx/repo-docs/Broadcasting.html

    Bad:
        inputs: {x: [2, 3]}
        layers:
          - {op: MatMul, weights: {B: [4, 5]}}
    Good:
        inputs: {x: [2, 4]}
        layers:
          - {op: MatMul, weights: {B: [4, 5]}}
    """
    for defect in analysis.shapes.of("shape-mismatch"):
        yield defect.says()
