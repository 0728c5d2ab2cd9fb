from archlint.api import Analysis, Findings, Model, rule


@rule("BUD004", on=Model, severity="info", needs=("costs",), default=False)
def layer_dominates(model: Model, analysis: Analysis, *, share: float = 0.5, layers: int = 5) -> Findings:
    """A layer that does most of the model's work.

    Whatever is saved elsewhere hardly counts. ``share`` is the part of all multiply-accumulates from
    which on the layer is told, in models of at least ``layers`` layers that have any.

    Source: https://onnx.ai/onnx/operators/onnx__Conv.html (the sums that are counted)

    Example: built in the tests
    """
    costs = analysis.costs
    total = costs.total.macs
    if not isinstance(total, int) or not total:
        return
    found = []
    for step in analysis.shapes.main.steps:
        cost = costs.of(step)
        if cost is not None and isinstance(cost.macs, int) and cost.macs:
            found.append((cost.macs, step.node))
    if len(found) >= layers:
        macs, node = max(found, key=lambda pair: pair[0])
        if macs >= share * total:
            yield node.at().says(
                f"layer does {100 * macs / total:.0f} % of {total:,} MACs ({macs:,})", macs=macs
            )
