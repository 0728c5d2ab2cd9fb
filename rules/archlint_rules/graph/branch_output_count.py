from archlint.api import Findings, Node, rule


@rule("GRF012", on=("If", "Loop", "Scan"), severity="error")
def branch_output_count(node: Node) -> Findings:
    """A body that gives another number of results than its operator takes.

    Both branches of an If give as many results as the If has outputs; the body of a Loop gives the
    condition, then the carried values, then the values to collect. onnx.checker does not compare
    them; onnxruntime refuses the model.

    Source: https://onnx.ai/onnx/operators/onnx__If.html,
    https://onnx.ai/onnx/operators/onnx__Loop.html

    Example: built in the tests
    """
    for label, body in node.bodies.items():
        extra = 1 if node.op_type == "Loop" else 0
        given, taken = len(body.outputs) - extra, len(node.outputs)
        wrong = given != taken if node.op_type == "If" else given < taken
        if wrong:
            yield node.at(f"attribute {label}").says(
                f"body '{label}' gives {given} results, {node.op_type} has {taken} outputs"
            )
