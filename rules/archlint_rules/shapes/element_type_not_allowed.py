from archlint.api import Analysis, Findings, Model, rule
from archlint_rules.graph.operators import narrow_inputs

ALLOWED = {
    "float": {"float32", "float16", "float64", "bfloat16"},
    "bool": {"bool"},
    "int64": {"int64"},
    "index": {"int64", "int32"},
}
WORDS = {"float": "a floating-point type", "bool": "bool", "int64": "int64", "index": "int64 or int32"}


@rule("SHP025", on=Model, severity="error", needs=("shapes",))
def element_type_not_allowed(model: Model, analysis: Analysis) -> Findings:
    """An input of an element type that its operator does not take.

    A Sqrt of integers, indices that are floats, a shape of int32, a condition that is no bool: ONNX
    converts nothing by itself, and onnxruntime refuses the model. Only inputs whose type is narrow at
    every opset are judged.

    Source: https://onnx.ai/onnx/operators/ (the type constraints of each operator)

    Bad:
        inputs: {x: [2, 6], i: {shape: [1], dtype: float32}}
        layers:
          - {op: Gather, in: [x, i]}
    Good:
        inputs: {x: [2, 6], i: {shape: [1], dtype: int64}}
        layers:
          - {op: Gather, in: [x, i]}
    """
    narrow = narrow_inputs()
    judged = {op_type for op_type, _ in narrow}
    for scope in analysis.shapes.scopes:
        for step in scope.steps:
            node = step.node
            if (
                node.op_type not in judged
                or node.domain
                or (node.domain, node.op_type, node.overload) in model.functions
            ):
                continue
            for slot, fact in enumerate(step.ins):
                kind = narrow.get((node.op_type, slot)) or narrow.get((node.op_type, None))
                if kind is None or fact is None or fact.dtype is None or fact.kind != "tensor":
                    continue
                if fact.dtype not in ALLOWED[kind]:
                    yield node.at(f"input {node.input(slot)}").says(
                        f"{node.op_type} takes {WORDS[kind]} here, '{node.input(slot)}' is {fact.dtype}",
                        hint=f"put a Cast before '{node.input(slot)}'",
                    )
