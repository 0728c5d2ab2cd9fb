from archlint.api import Analysis, Findings, Model, rule


@rule("SHP017", on=Model, severity="error", needs=("shapes",))
def attribute_invalid(model: Model, analysis: Analysis) -> Findings:
    """An attribute value that the operator does not allow.

    It has the wrong type, or a value outside what the operator's page lists, so that no shape can be
    computed.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (attributes satisfy the operator's signature)

    Example: built in the tests
    """
    for defect in analysis.shapes.of("attribute-invalid"):
        yield defect.says()
