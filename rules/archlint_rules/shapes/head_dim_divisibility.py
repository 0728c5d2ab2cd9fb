from archlint.api import Analysis, Findings, Model, rule


@rule("SHP008", on=Model, severity="error", needs=("shapes",))
def head_dim_divisibility(model: Model, analysis: Analysis) -> Findings:
    """An attention layer whose heads do not divide the width of the model.

    Each head works on width / heads channels, which has to be a whole number.

    Source: https://onnx.ai/onnx/operators/onnx__Attention.html

    Example: built in the tests
    """
    for defect in analysis.shapes.of("head-dim-divisibility"):
        yield defect.says()
