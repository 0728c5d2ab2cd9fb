from archlint.api import Findings, Model, rule
from archlint_rules.portability.targets import targets as known


@rule("PRT010", on=Model, severity="warning")
def dynamic_shape_for_target(model: Model, *, targets: tuple[str, ...] = ()) -> Findings:
    """An input with an open size, where a target needs fixed ones.

    ``targets`` names the targets; without them the rule is silent.

    Source: https://onnxruntime.ai/docs/tutorials/mobile/helpers/make-dynamic-shape-fixed.html

    Example: built in the tests
    """
    for goal in known(targets):
        if not goal.static_shapes:
            continue
        for name, fact in model.graph.inputs.items():
            if name not in model.graph.weights and any(not isinstance(d, int) for d in fact.shape or ()):
                yield model.graph.at(f"input {name}").says(
                    f"input '{name}' is {fact}, {goal.name} needs fixed sizes",
                    hint="fix the open sizes at export",
                    source=goal.source,
                )
