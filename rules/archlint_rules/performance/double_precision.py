from archlint.api import Analysis, Findings, Model, rule

HEAVY = {"Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "GRU", "RNN"}


@rule("PRF009", on=Model, severity="info", needs=("shapes",))
def double_precision(model: Model, analysis: Analysis) -> Findings:
    """Linear algebra in float64.

    It doubles the memory and runs many times slower on most accelerators; it usually comes from a
    NumPy default. One finding is given for the model.

    Source: https://onnx.ai/onnx/operators/onnx__MatMul.html (allowed types)

    Example: built in the tests
    """
    found = [
        step.node
        for scope in analysis.shapes.scopes
        for step in scope.steps
        if step.node.op_type in HEAVY and step.outs and step.outs[0].dtype == "float64"
    ]
    if found:
        more = f" (and {len(found) - 1} more nodes)" if len(found) > 1 else ""
        yield (
            found[0]
            .at()
            .says(f"{found[0].op_type} computes in float64{more}", hint="export in float32", nodes=len(found))
        )
