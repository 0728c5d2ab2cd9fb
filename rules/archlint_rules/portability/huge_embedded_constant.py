from archlint.api import Findings, Model, rule


@rule("PRT012", on=Model, severity="info")
def huge_embedded_constant(model: Model, *, limit: int = 1_000_000) -> Findings:
    """Large tensors that are stored in Constant nodes.

    Tools that treat initializers as weights (quantizers, external data, sharing between sessions)
    do not see them. ``limit`` is the number of bytes up to which a Constant is fine; one finding is
    given for each graph.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (initializers and Constant)

    Example: built in the tests
    """
    for graph in model.graphs():
        large = [w for w in graph.weights.values() if w.origin == "Constant" and (w.nbytes or 0) > limit]
        if large:
            first = max(large, key=lambda w: w.nbytes or 0)
            more = f" (and {len(large) - 1} more)" if len(large) > 1 else ""
            yield graph.at(f"initializer {first.name}").says(
                f"Constant '{first.name}' holds {first.nbytes:,} bytes{more}",
                hint="store it as an initializer",
                constants=len(large),
            )
