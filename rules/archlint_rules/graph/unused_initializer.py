from archlint.api import Findings, Model, rule


@rule("GRF008", on=Model, fixable=True)
def unused_initializer(model: Model) -> Findings:
    """A stored tensor that no node reads.

    It makes the file larger and is loaded for nothing; often a layer lost its weight in an edit.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (initializers are values that nodes refer to)

    Example: built in the tests
    """
    for graph in model.graphs():
        for name, weight in graph.weights.items():
            if name in graph.uses or name in graph.outputs:
                continue
            size = f", {weight.nbytes:,} bytes" if weight.nbytes is not None else ""
            yield graph.at(f"initializer {name}").says(
                f"initializer '{name}' ({weight.dtype} {list(weight.shape)}{size}) is never read",
                hint="remove it, or find the node that should read it",
                bytes=weight.nbytes,
            )
