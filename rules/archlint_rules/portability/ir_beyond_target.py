from archlint.api import Findings, Model, rule
from archlint_rules.portability.targets import targets as known


@rule("PRT007", on=Model, severity="error")
def ir_beyond_target(model: Model, *, targets: tuple[str, ...] = ()) -> Findings:
    """A model whose IR version is newer than a target runtime reads.

    The IR version is that of the file format; a newer onnx package writes a newer one even for an
    old opset. ``targets`` names the runtimes; without them the rule is silent.

    Source: https://onnxruntime.ai/docs/reference/compatibility.html,
    https://onnx.ai/onnx/repo-docs/Versioning.html

    Example: built in the tests
    """
    if model.ir_version is None:
        return
    for goal in known(targets):
        if goal.ir_version is not None and model.ir_version > goal.ir_version:
            yield model.graph.at("ir_version").says(
                f"IR version {model.ir_version} is newer than {goal.name} reads ({goal.ir_version})",
                hint=f"set ir_version to {goal.ir_version} where nothing newer is used",
                source=goal.source,
            )
