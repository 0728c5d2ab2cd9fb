from archlint.api import Findings, LoadError, Model, rule


@rule("NUM002", on=Model, severity="error", needs=("weights",))
def tensor_data_corrupt(model: Model) -> Findings:
    """A stored tensor whose bytes do not make the shape and type that it declares.

    The data is cut off, doubled, or of another type. Tensors in side files are judged by the
    loader, which names the missing file or range.

    Source: https://onnx.ai/onnx/api/classes.html (TensorProto: the data fields and dims agree)

    Example: built in the tests
    """
    for graph in model.graphs():
        for name, weight in graph.weights.items():
            if weight.external is not None or not weight.described:
                continue
            try:
                weight.array()
            except LoadError as error:
                yield graph.at(f"initializer {name}").says(
                    f"initializer '{name}' ({weight.dtype} {list(weight.shape)}) cannot be read: {error.message}"
                )
