from archlint.api import Analysis, Findings, Model, rule


@rule("PRT011", on=Model, severity="warning", needs=("shapes",))
def rank_over_limit(model: Model, analysis: Analysis, *, limit: int | None = None) -> Findings:
    """A tensor with more axes than the project's target can address.

    Accelerators take tensors of few axes; onnxruntime's NNAPI provider, for instance, runs pooling,
    convolution and resizing in two spatial dimensions only. ``limit`` is the number of axes that is
    allowed; without it the rule is silent. One finding is given for each graph.

    Source: https://onnxruntime.ai/docs/execution-providers/NNAPI-ExecutionProvider.html

    Example: built in the tests
    """
    for scope in analysis.shapes.scopes if limit is not None else ():
        steep = [s for s in scope.steps if any((f.rank or 0) > (limit or 0) for f in s.outs)]
        if steep:
            rank = max(f.rank or 0 for f in steep[0].outs)
            more = f" (and {len(steep) - 1} more nodes)" if len(steep) > 1 else ""
            yield steep[0].node.at().says(f"result has {rank} axes, {limit} are allowed{more}")
