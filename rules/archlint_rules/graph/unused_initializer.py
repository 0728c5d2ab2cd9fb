from archlint.api import Findings, Model, rule

TRIFLE = 1024


@rule("GRF008", on=Model, fixable=True)
def unused_initializer(model: Model) -> Findings:
    """A stored tensor that no node reads.

    It makes the file larger and is loaded for nothing; often a layer lost its weight in an edit. A
    Constant node of less than a kilobyte, which exporters leave behind, is a remark only.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (initializers are values that nodes refer to)

    Example: built in the tests
    """
    for graph in model.graphs():
        for name, weight in graph.weights.items():
            if name in graph.uses or name in graph.outputs:
                continue
            size = f", {weight.nbytes:,} bytes" if weight.nbytes is not None else ""
            what = weight.origin if weight.origin == "Constant" else "initializer"
            trifle = what == "Constant" and (weight.nbytes or 0) < TRIFLE
            yield graph.at(f"initializer {name}").says(
                f"{what} '{name}' ({weight.dtype} {list(weight.shape)}{size}) is never read",
                severity="info" if trifle else None,
                hint="remove it, or find the node that should read it",
                bytes=weight.nbytes,
            )
