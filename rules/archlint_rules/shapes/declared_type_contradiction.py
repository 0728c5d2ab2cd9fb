from archlint.api import Analysis, Findings, Model, rule


@rule("SHP024", on=Model, severity="error", needs=("shapes",))
def declared_type_contradiction(model: Model, analysis: Analysis) -> Findings:
    """A tensor whose declared element type is not the one that its operator gives.

    Callers allocate and read the output by the declaration. onnx.checker accepts the file unless it
    is asked for full checks; onnxruntime refuses it.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (types of the values of a graph)

    Example: built in the tests
    """
    for defect in analysis.shapes.of("declared-type-contradiction"):
        yield defect.says()
