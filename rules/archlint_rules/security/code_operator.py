from archlint.api import Findings, Model, rule

KINDS = {"PyOp", "PythonOp", "PyFunc", "PythonOpGrad", "ATen"}


@rule("SEC004", on=Model, severity="warning")
def code_operator(model: Model) -> Findings:
    """A node that runs code from outside the model's operators.

    Python operators call a function of the process that loads the model, so what happens depends on
    code that is not in the file; ATen nodes need the framework that exported them.

    Source: https://github.com/microsoft/onnxruntime/blob/main/docs/PyOp.md

    Example: built in the tests
    """
    for graph in model.graphs():
        for node in graph.nodes:
            local = (node.domain, node.op_type, node.overload) in model.functions
            if node.domain and node.op_type in KINDS and not local:
                yield node.at().says(f"{node.kind} calls code that is not in the model")
