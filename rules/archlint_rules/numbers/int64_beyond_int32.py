from archlint.api import Findings, LoadError, Model, rule

MOST = 2**31 - 1
SENTINELS = {2**63 - 1, -(2**63), -(2**63) + 1}


@rule("NUM019", on=Model, needs=("weights",), default=False)
def int64_beyond_int32(model: Model) -> Findings:
    """An int64 constant that does not fit an int32.

    TensorRT and others cast int64 down and clamp what does not fit. The ends of slices, for which
    the largest number stands for «to the end», survive that and are left alone.

    Source: https://github.com/onnx/onnx-tensorrt/blob/8.4-GA/docs/operators.md (INT64 is cast down)

    Example: built in the tests
    """
    for graph in model.graphs():
        for name, weight in graph.weights.items():
            if weight.dtype != "int64" or not weight.numel:
                continue
            try:
                values = weight.array()
            except LoadError:
                continue
            low, high = int(values.min()), int(values.max())
            worst = high if high > MOST else low
            if (high > MOST or low < -MOST - 1) and worst not in SENTINELS:
                yield graph.at(f"initializer {name}").says(
                    f"initializer '{name}' holds {worst}, int32 ends at {MOST if worst > 0 else -MOST - 1}"
                )
