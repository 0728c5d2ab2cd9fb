from archlint.api import Findings, Model, rule
from archlint_rules.graph.operators import newest, table


@rule("PRT004", on=Model, severity="warning")
def opset_newer_than_known(model: Model) -> Findings:
    """A model of an opset that is newer than the one archlint's tables end with.

    Operators may have changed their meaning since; what archlint says about the changed ones may be
    wrong. Runtimes of the same age refuse the model.

    Source: https://onnx.ai/onnx/repo-docs/Versioning.html (a new opset may change operators)

    Example: built in the tests
    """
    opset, known = model.opsets.get("", 0), newest()
    if opset > known:
        yield model.graph.at("opset_import ai.onnx").says(
            f"opset {opset} is newer than this archlint's onnx {table()['onnx']} knows ({known}); "
            "shapes of changed ops may be wrong",
            hint="upgrade archlint, or export with an older opset",
        )
