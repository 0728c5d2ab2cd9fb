from archlint.api import Analysis, Findings, Model, bounds, rule


@rule("BUD003", on=Model, severity="error", needs=("memory",))
def activation_budget(model: Model, analysis: Analysis, *, limit: int | None = None) -> Findings:
    """A model whose activations need more memory than the project allows.

    ``limit`` is a number of bytes for the largest sum of tensors that are alive at once, weights not
    counted; without it the rule is silent. A peak with an open symbol is over the budget only if it
    is so for every value of the symbol.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (tensors live from their node to the last reader)

    Example: built in the tests
    """
    if limit is None:
        return
    memory = analysis.memory
    least = bounds(memory.at_least)[0]
    if least is not None and least > limit:
        text = f"{least:,}" if isinstance(memory.peak, int) else f"at least {least:,} ({memory.at_least})"
        yield model.graph.at().says(
            f"activations need {text} bytes at once, the budget is {limit:,}", bytes=least
        )
