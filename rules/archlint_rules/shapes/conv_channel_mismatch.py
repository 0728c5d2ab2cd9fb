from archlint.api import Analysis, Defect, Findings, Model, Node, rule

LATE = "onnx.checker and onnxruntime load this model; it fails on the first run"


@rule("SHP010", on=Model, severity="error", needs=("shapes",))
def conv_channel_mismatch(model: Model, analysis: Analysis) -> Findings:
    """A convolution whose weight was made for another number of input channels.

    The weight of a Conv has shape ``[C_out, C_in / group, ...]``. onnx.checker and onnxruntime
    load a model where it does not fit the input, and the first run fails.

    Source: https://onnx.ai/onnx/operators/onnx__Conv.html

    Bad:
        inputs: {x: [1, 256, 25, 25]}
        layers:
          - {op: Conv, weights: {W: [128, 512, 1, 1]}}
    Good:
        inputs: {x: [1, 512, 25, 25]}
        layers:
          - {op: Conv, weights: {W: [128, 512, 1, 1]}}
    """
    for defect in analysis.shapes.of("conv-channel-mismatch"):
        conv, error = defect.step.node, defect.error
        plain = conv.kind == "Conv"
        yield conv.at(None if plain else error.subject).says(
            error.message,
            severity=error.severity,
            hint=error.help,
            snippet=_drawing(conv, defect) if plain else (),
            notes=(LATE,) if plain and model.format != "yaml" else (),
            **error.data,
        )


def _drawing(conv: Node, defect: Defect) -> tuple[str, ...]:
    """Input, weight and output around the node, with the arithmetic that fails."""
    x, w = defect.step.ins[:2]
    if x is None or w is None or w.shape is None:
        return ()
    output = conv.graph.declared(conv.output(0))
    kernel = "x".join(str(d) for d in w.shape[2:])
    numbers = defect.error.data
    first, weight = f"'{conv.input(0)}' {x}", f"'{conv.input(1)}' {w}"
    width = max(len(first), len(weight)) + 1
    result = f"'{conv.output(0)}'" + (f" {output}" if output is not None else "")
    channels = str(numbers.get("channels"))
    at = first.find(f", {channels}", len(first) - len(str(x)))
    mark = " " * (at + 2) + "^" * len(channels) if at >= 0 else ""
    mark += " dim 1" if mark else ""
    return (
        f"{first} ".ljust(width, "─")
        + f"──> {conv.label} ({conv.op_type} {kernel}{_pads(conv)}) ──> {result}",
        mark,
        f"{weight} ".ljust(width, "─")
        + f"─┘   {numbers.get('expected')} = weight dim 1 x group {numbers.get('group', 1)}",
    )


def _pads(conv: Node) -> str:
    """``, pad 1`` for the same on every side, all of them when they differ."""
    pads = conv.integers("pads") or ()
    if not any(pads):
        return ""
    return f", pad {pads[0]}" if len(set(pads)) == 1 else f", pads {list(pads)}"
