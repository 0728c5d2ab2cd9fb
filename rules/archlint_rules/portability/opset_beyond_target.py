from archlint.api import Findings, Model, rule
from archlint_rules.portability.targets import targets as known


@rule("PRT002", on=Model, severity="error")
def opset_beyond_target(model: Model, *, targets: tuple[str, ...] = ()) -> Findings:
    """A model whose opset is newer, or older, than a target runtime reads.

    ``targets`` names the runtimes, such as ``onnxruntime-1.17``; without them the rule is silent.

    Source: https://onnxruntime.ai/docs/reference/compatibility.html,
    https://onnx.ai/onnx/repo-docs/Versioning.html

    Example: built in the tests
    """
    opset = model.opsets.get("")
    if opset is None:
        return
    for goal in known(targets):
        place = model.graph.at("opset_import ai.onnx")
        if goal.opset is not None and opset > goal.opset:
            yield place.says(
                f"opset {opset} is newer than {goal.name} reads ({goal.opset})",
                hint=f"export with opset {goal.opset}",
                source=goal.source,
            )
        elif goal.oldest_opset is not None and opset < goal.oldest_opset:
            yield place.says(f"opset {opset} is older than {goal.name} reads ({goal.oldest_opset})")
