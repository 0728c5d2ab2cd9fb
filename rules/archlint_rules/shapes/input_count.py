from archlint.api import Analysis, Findings, Model, rule


@rule("SHP007", on=Model, severity="error", needs=("shapes",))
def input_count(model: Model, analysis: Analysis) -> Findings:
    """An operator with too few or too many inputs.

    The schema of every operator says which inputs are required; a missing one cannot be guessed.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (inputs and outputs satisfy the operator's signature)

    Example: built in the tests
    """
    for defect in analysis.shapes.of("input-count"):
        yield defect.says()
