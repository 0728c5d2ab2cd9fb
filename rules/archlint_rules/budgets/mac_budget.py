from archlint.api import Analysis, Findings, Model, bounds, rule


@rule("BUD001", on=Model, severity="error", needs=("costs",))
def mac_budget(
    model: Model, analysis: Analysis, *, limit: int | None = None, layer: int | None = None
) -> Findings:
    """A model, or one of its layers, that needs more multiply-accumulates than the project allows.

    ``limit`` is the budget of the whole model, ``layer`` that of any single node; without them the
    rule is silent. A total that depends on a symbol (batch, length) is over the budget only if it
    is so for every value; give the symbol a value to have it judged exactly.

    Source: archlint's cost conventions: one MAC is one multiplication and one addition of linear
    algebra (https://onnx.ai/onnx/operators/onnx__Conv.html defines the sums that are counted)

    Example: built in the tests
    """
    if limit is None and layer is None:
        return
    costs = analysis.costs
    total = costs.total.macs
    if limit is not None:
        least = bounds(total)[0] or 0
        if least > limit:
            text = f"{least:,}" if isinstance(total, int) else f"at least {least:,} ({total})"
            yield model.graph.at().says(f"model needs {text} MACs, the budget is {limit:,}", macs=least)
    if layer is not None:
        for step in analysis.shapes.main.steps:
            cost = costs.of(step)
            least = 0 if cost is None else bounds(cost.macs)[0] or 0
            if least > layer:
                yield step.node.at().says(
                    f"layer needs {least:,} MACs, the budget of a layer is {layer:,}", macs=least
                )
