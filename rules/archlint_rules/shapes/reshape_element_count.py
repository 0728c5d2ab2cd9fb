from archlint.api import Analysis, Findings, Model, rule


@rule("SHP004", on=Model, severity="error", needs=("shapes",))
def reshape_element_count(model: Model, analysis: Analysis) -> Findings:
    """A Reshape to a shape that holds another number of elements.

    A reshape moves nothing, so both shapes must have as many elements; at most one size may be -1,
    and 0 copies the size of the input unless ``allowzero`` is set.

    Source: https://onnx.ai/onnx/operators/onnx__Reshape.html

    Bad:
        inputs: {x: [2, 6]}
        layers:
          - {op: Reshape, shape: [5, -1]}
    Good:
        inputs: {x: [2, 6]}
        layers:
          - {op: Reshape, shape: [4, -1]}
    """
    for defect in analysis.shapes.of("reshape-element-count"):
        yield defect.says()
