from archlint.api import Analysis, Findings, Model, rule
from archlint_rules.portability.targets import targets as known


@rule("PRT011", on=Model, severity="warning", needs=("shapes",))
def rank_beyond_target(
    model: Model, analysis: Analysis, *, targets: tuple[str, ...] = (), limit: int | None = None
) -> Findings:
    """A tensor with more axes than a target can address.

    ``targets`` names the targets, ``limit`` is a number of axes of your own; without either the rule
    is silent. One finding for each limit.

    Source: https://onnxruntime.ai/docs/execution-providers/NNAPI-ExecutionProvider.html

    Example: built in the tests
    """
    limits = [(goal.name, goal.max_rank) for goal in known(targets) if goal.max_rank is not None]
    if limit is not None:
        limits.append(("the policy", limit))
    for name, most in limits:
        for scope in analysis.shapes.scopes:
            steep = [s for s in scope.steps if any((f.rank or 0) > most for f in s.outs)]
            if steep:
                rank = max(f.rank or 0 for f in steep[0].outs)
                more = f" (and {len(steep) - 1} more nodes)" if len(steep) > 1 else ""
                yield steep[0].node.at().says(f"result has {rank} axes, {name} allows {most}{more}")
