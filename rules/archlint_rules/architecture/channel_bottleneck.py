from archlint.api import Analysis, Findings, Node, rule

BETWEEN = {"Relu", "LeakyRelu", "Clip", "HardSwish", "Sigmoid", "BatchNormalization", "Dropout", "Identity"}


@rule("ARC017", on="Conv", severity="info", needs=("shapes",), default=False)
def channel_bottleneck(conv: Node, analysis: Analysis, *, ratio: float = 8.0) -> Findings:
    """A convolution that collapses the channels, followed by one that widens them again.

    What does not fit through the narrow middle is lost: the wide result is a function of those few
    channels alone. ``ratio`` is the factor from which on both steps are told. A middle of one pixel (the squeeze of
    an attention block) and depthwise layers are left alone.

    Source: https://onnx.ai/onnx/operators/onnx__Conv.html (every output is a sum over the input channels)

    Bad:
        inputs: {x: [1, 64, 8, 8]}
        layers:
          - {op: Conv, weights: {W: [4, 64, 1, 1]}}
          - {op: Relu}
          - {op: Conv, weights: {W: [64, 4, 1, 1]}}
    Good:
        inputs: {x: [1, 64, 8, 8]}
        layers:
          - {op: Conv, weights: {W: [16, 64, 1, 1]}}
          - {op: Relu}
          - {op: Conv, weights: {W: [64, 16, 1, 1]}}
    """
    before, _ = conv.source(BETWEEN)
    if before is None or before.kind != "Conv":
        return
    first, second = _widths(before, analysis), _widths(conv, analysis)
    outs = analysis.shapes.outputs(before)
    image = (outs[0].shape or ())[2:] if outs else ()
    if first is None or second is None or first[1] != second[0] or all(size == 1 for size in image):
        return
    if first[0] > ratio * first[1] and second[1] > ratio * second[0]:
        yield before.at().says(
            f"channels go {first[0]} -> {first[1]} -> {second[1]}",
            hint=f"keep at least {int(-(-min(first[0], second[1]) // ratio))} channels in the middle",
        )


def _widths(conv: Node, analysis: Analysis) -> tuple[int, int] | None:
    """Input and output channels of an ungrouped convolution."""
    facts = analysis.shapes.inputs(conv)
    shape = facts[1].shape if len(facts) > 1 and facts[1] is not None else None
    if not shape or len(shape) < 3 or conv.integer("group", 1) != 1:
        return None
    outward, inward = shape[0], shape[1]
    return (inward, outward) if isinstance(inward, int) and isinstance(outward, int) else None
