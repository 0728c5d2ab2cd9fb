from archlint.api import Analysis, Findings, Model, bounds, rule


@rule("BUD006", on=Model, severity="error", needs=("costs",))
def multiplication_budget(model: Model, analysis: Analysis, *, limit: int | None = None) -> Findings:
    """A model that needs more multiplications than the project allows.

    Counts every multiplication, those outside linear algebra included; ``limit`` is the budget, and
    without it the rule is silent. A total with an open symbol is over the budget only if it is so
    for every value of the symbol.

    Source: https://onnx.ai/onnx/operators/onnx__Mul.html, and archlint's cost conventions

    Example: built in the tests
    """
    if limit is None:
        return
    total = analysis.costs.total.mults
    least = bounds(total)[0] or 0
    if least > limit:
        text = f"{least:,}" if isinstance(total, int) else f"at least {least:,} ({total})"
        yield model.graph.at().says(
            f"model needs {text} multiplications, the budget is {limit:,}", mults=least
        )
