from archlint.api import Analysis, Findings, Model, rule
from archlint_rules.portability.targets import targets as known


@rule("PRT009", on=Model, severity="warning", needs=("shapes",))
def weight_not_constant(model: Model, analysis: Analysis, *, targets: tuple[str, ...] = ()) -> Findings:
    """A layer with a computed weight, where a target needs a stored one.

    ``targets`` names the targets; without them the rule is silent.

    Source: https://onnxruntime.ai/docs/execution-providers/NNAPI-ExecutionProvider.html (weights and
    bias should be constant)

    Example: built in the tests
    """
    for goal in known(targets):
        for scope in analysis.shapes.scopes:
            for step in scope.steps:
                weight = step.ins[1] if len(step.ins) > 1 else None
                if step.node.op_type in goal.static_weights and weight is not None and not weight.constant:
                    yield step.node.at(f"input {step.node.input(1)}").says(
                        f"{goal.name} needs a constant weight for {step.node.op_type}", source=goal.source
                    )
