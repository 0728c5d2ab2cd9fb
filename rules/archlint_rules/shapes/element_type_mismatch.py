from collections.abc import Iterator

from archlint.api import Analysis, Findings, Model, Step, rule
from archlint_rules.graph.operators import alike_inputs


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
            if node.domain or ("", node.op_type, node.overload) in model.functions:
                continue
            for seen in _groups(step, scope.opsets.get("") or model.opsets.get("", 1)):
                other = next((pair for pair in seen if pair[1] != seen[0][1]), None)
                if other is not None:
                    first = seen[0]
                    yield node.at(f"input {other[0]}").says(
                        f"{node.op_type} mixes {first[1]} ('{first[0]}') and {other[1]} ('{other[0]}')",
                        hint=f"put a Cast to {first[1]} before '{other[0]}'",
                    )


def _groups(step: Step, opset: int) -> Iterator[list[tuple[str, str]]]:
    """Name and element type of the inputs that share a type, group by group."""
    for slots, rest in alike_inputs(step.node.op_type, opset):
        every = (*slots, *range(rest, len(step.ins))) if rest is not None else slots
        found = []
        for slot in every:
            fact = step.ins[slot] if slot < len(step.ins) else None
            if fact is not None and fact.dtype is not None and fact.kind == "tensor":
                found.append((step.node.inputs[slot], fact.dtype))
        yield found
