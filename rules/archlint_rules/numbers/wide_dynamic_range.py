from archlint.api import Analysis, Findings, LoadError, Node, rule


@rule("NUM023", on=("Conv", "Gemm", "MatMul"), severity="info", needs=("shapes", "weights"), default=False)
def wide_dynamic_range(node: Node, analysis: Analysis, *, ratio: float = 10_000.0) -> Findings:
    """A weight whose largest element is far beyond its typical one.

    With one scale for the whole tensor, 8-bit quantization rounds the typical weights to zero.
    ``ratio`` is the largest element by the median of the absolute values from which on it is told.

    Source: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html (one scale per tensor or axis)

    Example: built in the tests
    """
    facts = analysis.shapes.inputs(node)
    weight = facts[1].weight if len(facts) > 1 and facts[1] is not None else None
    if weight is None or weight.dtype not in {"float32", "float16", "float64"} or weight.numel < 64:
        return
    try:
        sizes = sorted(abs(float(v)) for v in weight.array().reshape(-1)[:1_000_000].tolist())
    except LoadError:
        return
    middle = sizes[len(sizes) // 2]
    if middle > 0 and sizes[-1] > ratio * middle:
        yield node.at(f"input {node.input(1)}").says(
            f"largest weight {sizes[-1]:.3g} is {sizes[-1] / middle:,.0f} times the median {middle:.3g}",
            hint="quantize per channel, or clip the outliers",
        )
