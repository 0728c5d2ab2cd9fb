from archlint.api import Analysis, Findings, Node, rule

LAYERS = {"Conv", "ConvTranspose", "Gemm"}


@rule("PRF002", on="BatchNormalization", severity="info", needs=("shapes",))
def conv_bias_before_batchnorm(norm: Node, analysis: Analysis) -> Findings:
    """A convolution or dense layer with a bias right before a batch normalization.

    The normalization subtracts the mean, and the bias with it: training never changed the output
    through it. It can be folded into the normalization's mean. A bias that is added by an Add of one
    number for each channel counts too.

    Source: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html (the mean is subtracted)

    Bad:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, weights: {W: [4, 3, 3, 3], B: [4]}}
          - {op: BatchNormalization, weights: {scale: [4], B: [4], input_mean: [4], input_var: [4]}}
    Good:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, weights: {W: [4, 3, 3, 3]}}
          - {op: BatchNormalization, weights: {scale: [4], B: [4], input_mean: [4], input_var: [4]}}
    """
    layer = norm.producer()
    if layer is None or layer.domain or layer.sole_reader() is not norm:
        return
    bias = layer.input(2) if layer.op_type in LAYERS else _added(layer, analysis)
    if bias:
        yield layer.at(f"input {bias}").says(
            f"bias '{bias}' is made redundant by BatchNormalization '{norm.label}'",
            hint="subtract it from the stored mean and drop it",
        )


def _added(add: Node, analysis: Analysis) -> str | None:
    """The constant that an Add behind a layer adds to each channel."""
    if add.op_type != "Add":
        return None
    facts, outs = analysis.shapes.inputs(add), analysis.shapes.outputs(add)
    rank = outs[0].rank if outs else None
    for slot in (0, 1):
        fact, maker = facts[slot], add.producer(1 - slot)
        if fact is None or fact.shape is None or not fact.constant or maker is None or rank is None:
            continue
        sizes = (1,) * (rank - len(fact.shape)) + fact.shape
        per_channel = all(size == 1 for axis, size in enumerate(sizes) if axis != 1)
        if maker.op_type in {*LAYERS, "MatMul"} and maker.sole_reader() is add and per_channel:
            return add.inputs[slot]
    return None
