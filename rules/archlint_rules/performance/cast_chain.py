from archlint.api import Analysis, Findings, Node, rule

WIDER = {
    "float32": {"float16", "bfloat16"},
    "float64": {"float32", "float16", "bfloat16"},
    "int64": {"int32", "int16", "int8", "uint8", "bool"},
    "int32": {"int16", "int8", "uint8", "bool"},
}


@rule("PRF010", on="Cast", severity="info", needs=("shapes",))
def cast_chain(node: Node, analysis: Analysis) -> Findings:
    """A Cast that takes back what the Cast before it did.

    Converting to a wider type and back copies the tensor twice and changes nothing; converting to a
    narrower type and back also loses digits.

    Source: https://onnx.ai/onnx/operators/onnx__Cast.html

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {op: Cast, to: 11}
          - {op: Cast, to: 1}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {op: Relu}
    """
    before = node.producer()
    if before is None or before.op_type != "Cast" or before.domain or node.domain:
        return
    if not before.inputs or not node.outputs:
        return
    start, middle = analysis.shapes.inputs(before)[0], analysis.shapes.outputs(before)[0]
    end = analysis.shapes.outputs(node)[0]
    if start is None or start.dtype is None or start.dtype != end.dtype or middle.dtype is None:
        return
    if middle.dtype == start.dtype:
        return
    lossless = start.dtype in WIDER.get(middle.dtype, ())
    what = "both casts change nothing" if lossless else f"values are rounded to {middle.dtype} on the way"
    if lossless or middle.dtype in WIDER.get(start.dtype, ()):
        yield node.at().says(
            f"casts {start.dtype} -> {middle.dtype} -> {end.dtype}: {what}",
            hint="remove both casts" if lossless else "remove both casts unless the rounding is meant",
        )
