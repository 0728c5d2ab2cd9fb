from archlint.api import Findings, Model, rule


@rule("PRT001", on=Model, severity="info")
def opset_too_old(model: Model, *, oldest: int = 7) -> Findings:
    """A model of an opset that runtimes no longer promise to read.

    onnxruntime supports opset 7 and later. ``oldest`` is the oldest opset that is not told.

    Source: https://onnxruntime.ai/docs/reference/compatibility.html

    Example: built in the tests
    """
    opset = model.opsets.get("")
    if opset is not None and opset < oldest:
        yield model.graph.at("opset_import ai.onnx").says(
            f"opset {opset} is older than {oldest}", hint="convert the model with onnx.version_converter"
        )
