from archlint.api import Findings, Model, rule
from archlint_rules.graph.operators import in_force
from archlint_rules.graph.opsets import opsets_of

INSTEAD = {"Upsample": "Resize", "Scatter": "ScatterElements"}


@rule("PRT006", on=Model, severity="error")
def deprecated_operator(model: Model) -> Findings:
    """A node that calls an operator which its opset has withdrawn.

    From the opset that deprecates it on, a model must not use the operator; onnx.checker and
    onnxruntime refuse it.

    Source: https://onnx.ai/onnx/operators/onnx__Upsample.html (deprecated since opset 10)

    Example: built in the tests
    """
    for graph, opsets in opsets_of(model):
        for node in graph.nodes:
            if (node.domain, node.op_type, node.overload) in model.functions:
                continue
            opset = opsets.get(node.domain, 0)
            row = in_force(node.domain, node.op_type, opset)
            if row is not None and row[1] is None:
                other = INSTEAD.get(node.op_type)
                yield node.at().says(
                    f"{node.op_type} is deprecated since opset {row[0]}, the model imports {opset}",
                    hint=f"use {other}" if other else None,
                )
