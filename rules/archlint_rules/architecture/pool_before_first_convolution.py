from archlint.api import Analysis, Findings, Node, rule

POOLS = ("MaxPool", "AveragePool")
TRACE = {"Identity", "Transpose", "Sub", "Mul", "Div", "Add", "Cast", "Pad", "BatchNormalization"}


@rule("ARC016", on=POOLS, severity="info", needs=("shapes",), default=False)
def pool_before_first_convolution(pool: Node, analysis: Analysis) -> Findings:
    """A pooling layer that stands before any layer with weights.

    It throws pixels away before a filter has seen them. Told for a pool of the model's input (through
    scaling and transposing) that makes the image smaller and whose result a convolution reads.

    Source: https://onnx.ai/onnx/operators/onnx__MaxPool.html (one value is kept of each window)

    Bad:
        inputs: {x: [1, 3, 32, 32]}
        layers:
          - {op: MaxPool, kernel_shape: [2, 2], strides: [2, 2]}
          - {op: Conv, weights: {W: [8, 3, 3, 3]}}
    Good:
        inputs: {x: [1, 3, 32, 32]}
        layers:
          - {op: Conv, weights: {W: [8, 3, 3, 3]}}
          - {op: MaxPool, kernel_shape: [2, 2], strides: [2, 2]}
    """
    strides = pool.integers("strides") or ()
    before, name = pool.source(TRACE)
    if pool.domain or before is not None or name not in analysis.model.graph.inputs:
        return
    if max(strides, default=1) > 1 and any(r.kind == "Conv" for r in pool.readers()):
        yield pool.at().says(
            f"{pool.op_type} shrinks the input '{name}' before the first convolution",
            hint="convolve first, or feed a smaller image",
        )
