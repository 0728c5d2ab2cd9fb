from archlint.api import Analysis, Fact, Findings, Model, Step, rule

SAME = {
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "MatMul", "PRelu", "Equal", "Less", "Greater"), (0, 1)),
    **dict.fromkeys(("LessOrEqual", "GreaterOrEqual", "And", "Or", "Xor", "BitwiseAnd", "BitwiseOr"), (0, 1)),
    **dict.fromkeys(("Gemm", "Conv", "ConvTranspose", "Clip", "Range", "InstanceNormalization"), (0, 1, 2)),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), (0, 1, 2, 3, 5)),
    "LayerNormalization": (0, 1),
    "Where": (1, 2),
}
EVERY = {"Concat", "Max", "Min", "Sum", "Mean"}


@rule("SHP018", on=Model, severity="error", needs=("shapes",))
def element_type_mismatch(model: Model, analysis: Analysis) -> Findings:
    """An operator whose inputs must have one element type and do not.

    ONNX converts nothing by itself: a float32 tensor added to a float64 one is an error.
    onnx.checker accepts the file unless it is asked for full checks, onnxruntime refuses it.

    Source: https://onnx.ai/onnx/operators/onnx__Add.html (both inputs have type T)

    Example: built in the tests
    """
    for scope in analysis.shapes.scopes:
        for step in scope.steps:
            node = step.node
            if node.kind == "If":
                branches = [
                    [body.fact(n).dtype for n in body.graph.outputs] for body in step.children.values()
                ]
                for i, pair in enumerate(zip(*branches, strict=False)):
                    if None not in pair and len(set(pair)) > 1:
                        yield node.at(f"output {node.output(i)}").says(
                            f"the branches give '{node.output(i)}' the types {' and '.join(map(str, pair))}",
                            hint="put a Cast into one of the branches",
                        )
                continue
            if node.domain or not (node.op_type in SAME or node.op_type in EVERY):
                continue
            seen = _types(step)
            if len({dtype for _, dtype in seen}) > 1:
                first = seen[0]
                other = next(pair for pair in seen if pair[1] != first[1])
                yield node.at(f"input {other[0]}").says(
                    f"{node.op_type} mixes {first[1]} ('{first[0]}') and {other[1]} ('{other[0]}')",
                    hint=f"put a Cast to {first[1]} before '{other[0]}'",
                )


def _types(step: Step) -> list[tuple[str, str]]:
    """Name and element type of the inputs that share one type."""
    slots = SAME.get(step.node.op_type) or range(len(step.ins))
    found = []
    for slot in slots:
        fact: Fact | None = step.ins[slot] if slot < len(step.ins) else None
        if fact is not None and fact.dtype is not None and fact.kind == "tensor":
            found.append((step.node.inputs[slot], fact.dtype))
    return found
