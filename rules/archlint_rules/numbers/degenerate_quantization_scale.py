from math import isfinite

from archlint.api import Analysis, Findings, LoadError, Node, rule

SCALES = {
    "QuantizeLinear": (1,),
    "DequantizeLinear": (1,),
    "QLinearConv": (1, 4, 6),
    "QLinearMatMul": (1, 4, 6),
}
SUBNORMAL = {"float32": 1.17549435e-38, "float16": 6.1035e-5, "bfloat16": 1.17549435e-38}


@rule("NUM020", on=tuple(SCALES), needs=("shapes", "weights"))
def degenerate_quantization_scale(node: Node, analysis: Analysis) -> Findings:
    """A quantization scale that is zero, negative, not finite, or too small to divide by.

    Quantizing divides by the scale. Zero gives Inf or NaN before rounding, and a number below the
    smallest normal one is flushed to zero on most hardware. It comes from calibrating with a tensor
    that was always zero.

    Source: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html (y = x / scale + zero point)

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {op: QuantizeLinear, y_scale: 0.0}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {op: QuantizeLinear, y_scale: 0.1}
    """
    facts = analysis.shapes.inputs(node)
    for slot in SCALES[node.op_type]:
        fact = facts[slot] if slot < len(facts) else None
        if fact is None or fact.weight is None or node.domain:
            continue
        try:
            values = fact.weight.array().reshape(-1).astype("float64").tolist()
        except LoadError:
            continue
        least = SUBNORMAL.get(fact.weight.dtype, 0.0)
        wrong = [v for v in values if not isfinite(v) or v < least or v == 0]
        if wrong:
            count = f" ({len(wrong)} of {len(values)} channels)" if len(values) > 1 else ""
            yield node.at(f"input {node.inputs[slot]}").says(
                f"scale '{node.inputs[slot]}' is {wrong[0]:g}{count}",
                hint="calibrate again with data that reaches this tensor",
            )
