from archlint.api import Analysis, Findings, Model, rule

MOVES_NOTHING = {
    "Expand",
    "ConstantOfShape",
    "Tile",
    "Range",
    "Pad",
    "Resize",
    "OneHot",
    "EyeLike",
    "Upsample",
}
BYTES = {"float64": 8, "int64": 8, "uint64": 8, "float32": 4, "int32": 4, "uint32": 4, "float16": 2}


@rule("SEC003", on=Model, severity="warning", needs=("shapes",))
def inflated_tensor(model: Model, analysis: Analysis, *, limit: int = 8 << 30) -> Findings:
    """A few bytes in the file that become an enormous tensor in memory.

    Opening or running the model exhausts the memory of the machine, whatever the input is.
    ``limit`` is the number of bytes of one tensor from which on it is told.

    Source: https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html (any size from a few numbers)

    Bad:
        inputs: {x: [1]}
        layers:
          - {name: c, op: ConstantOfShape, in: [], input: [100000, 100000]}
          - {op: Add, in: [x, c]}
    Good:
        inputs: {x: [1]}
        layers:
          - {name: c, op: ConstantOfShape, in: [], input: [100, 100]}
          - {op: Add, in: [x, c]}
    """
    for scope in analysis.shapes.scopes:
        for step in scope.steps:
            if step.node.op_type not in MOVES_NOTHING or step.node.domain:
                continue
            for fact in step.outs:
                count = fact.numel
                size = count * BYTES.get(fact.dtype or "", 1) if isinstance(count, int) else 0
                if size > limit:
                    yield step.node.at().says(
                        f"{step.node.op_type} makes a tensor of {size:,} bytes ({fact})", bytes=size
                    )
