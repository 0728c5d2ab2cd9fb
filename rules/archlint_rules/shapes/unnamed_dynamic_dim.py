from archlint.api import Findings, Model, is_known, rule


@rule("SHP021", on=Model, severity="info")
def unnamed_dynamic_dim(model: Model) -> Findings:
    """A model input whose open sizes have no names.

    Without a name nobody can say that two sizes are equal: costs cannot be written as a formula,
    and a contradiction between inputs is found by the first run that fails.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (dimension variables)

    Example: built in the tests
    """
    for name, fact in model.graph.inputs.items():
        if name in model.graph.weights:
            continue
        open_axes = [i for i, d in enumerate(fact.shape or ()) if not isinstance(d, int) and not is_known(d)]
        if open_axes:
            which = ", ".join(map(str, open_axes))
            plural = "dims" if len(open_axes) > 1 else "dim"
            yield model.graph.at(f"input {name}").says(
                f"input '{name}' leaves {plural} {which} without a name",
                hint="name them (dim_param), for instance N for the batch",
            )
