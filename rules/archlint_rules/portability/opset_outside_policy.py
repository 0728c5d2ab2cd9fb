from archlint.api import Findings, Model, rule
from archlint_rules.portability.ranges import allows


@rule("PRT015", on=Model, severity="error")
def opset_outside_policy(
    model: Model, *, opset: str | None = None, ir_version: str | None = None
) -> Findings:
    """A model whose opset or IR version is outside what the project allows.

    ``opset`` and ``ir_version`` are conditions such as ``>=13,<=21``; without them the rule is
    silent.

    Source: https://onnx.ai/onnx/repo-docs/Versioning.html

    Example: built in the tests
    """
    pairs = (("opset", opset, model.opsets.get("")), ("IR version", ir_version, model.ir_version))
    for what, condition, actual in pairs:
        if condition is not None and actual is not None and not allows(condition, actual):
            yield model.graph.at().says(f"{what} is {actual}, the policy is {condition}")
