from archlint.api import Analysis, Findings, Model, rule


@rule("SHP005", on=Model, severity="error", needs=("shapes",))
def index_out_of_range(model: Model, analysis: Analysis) -> Findings:
    """A constant index that points outside its axis.

    Gather and its kin accept indices from -s to s-1 on an axis of size s. Another index fails at run
    time, or on some accelerators reads foreign memory.

    Source: https://onnx.ai/onnx/operators/onnx__Gather.html

    Bad:
        inputs: {x: [2, 6]}
        layers:
          - {op: Gather, axis: 1, indices: [6]}
    Good:
        inputs: {x: [2, 6]}
        layers:
          - {op: Gather, axis: 1, indices: [5]}
    """
    for defect in analysis.shapes.of("index-out-of-range"):
        yield defect.says()
