from archlint.api import Findings, Model, rule


@rule("BUD002", on=Model, severity="error")
def param_budget(model: Model, *, limit: int | None = None) -> Findings:
    """A model that stores more parameters than the project allows.

    ``limit`` is the number of elements of all stored tensors of floating or quantized type; without
    it the rule is silent.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (initializers hold the parameters)

    Example: built in the tests
    """
    if limit is None:
        return
    kinds = ("float", "bfloat", "int8", "uint8", "int4", "uint4")
    total = sum(w.numel for g in model.graphs() for w in g.weights.values() if w.dtype.startswith(kinds))
    if total > limit:
        yield model.graph.at().says(
            f"model stores {total:,} parameters, the budget is {limit:,}", params=total
        )
