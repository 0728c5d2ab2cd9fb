from archlint.api import Analysis, Findings, Model, rule


@rule("SHP002", on=Model, severity="error", needs=("shapes",), fixable=True)
def declared_shape_contradiction(model: Model, analysis: Analysis) -> Findings:
    """A tensor whose declared shape is not the one that its operator computes.

    The declaration is what callers and converters allocate for. onnx.checker does not compare it
    with the operators unless asked to, and runtimes warn at most. Where the declaration has a name
    in place of a number nobody can allocate for it, and the finding is a warning.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (graph outputs carry a type with its shape)

    Example: built in the tests
    """
    for defect in analysis.shapes.of("declared-shape-contradiction"):
        yield defect.says()
