from archlint.api import Analysis, Findings, Model, rule


@rule("SHP011", on=Model, severity="error", needs=("shapes",))
def window_larger_than_input(model: Model, analysis: Analysis) -> Findings:
    """A kernel or pooling window that does not fit the padded input.

    The output would have no rows or columns. It mostly happens when a network made for large
    images is fed small ones: each stage halves the map until a window no longer fits. A pool that
    lacks less than its stride is a warning: the formula rounds down to no output, onnxruntime towards
    zero, and gives one.

    Source: https://onnx.ai/onnx/operators/onnx__MaxPool.html

    Bad:
        inputs: {x: [1, 8, 6, 6]}
        layers:
          - {op: MaxPool, kernel_shape: [7, 7]}
    Good:
        inputs: {x: [1, 8, 7, 7]}
        layers:
          - {op: MaxPool, kernel_shape: [7, 7]}
    """
    for defect in analysis.shapes.of("window-larger-than-input"):
        yield defect.says()
