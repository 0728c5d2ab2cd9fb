from archlint.api import Analysis, Findings, Model, rule


@rule("GRF011", on=Model, severity="error", needs=("shapes",))
def recursive_function(model: Model, analysis: Analysis) -> Findings:
    """A model-local function that calls itself.

    Functions are expanded where they are called, so a recursion never ends; repetition is written
    with Loop or Scan.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (functions)

    Example: built in the tests
    """
    for defect in analysis.shapes.of("recursive-function"):
        yield defect.says()
