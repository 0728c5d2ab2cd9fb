from archlint.api import Analysis, Findings, LoadError, Node, rule

LARGEST = 65504.0


@rule("NUM016", on="Cast", needs=("shapes", "weights"))
def float16_overflow(cast: Node, analysis: Analysis) -> Findings:
    """A constant that is too large for float16 and becomes Inf when it is cast.

    The largest float16 is 65504. Masks of -1e9 become -Inf, and Inf minus Inf in a Softmax of a
    fully masked row is NaN.

    Source: https://onnxruntime.ai/docs/performance/model-optimizations/float16.html (values are
    clipped to the range of float16 in a conversion)

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {name: m, op: Cast, in: [], input: [-1.0e9, 0.0, 0.0, 0.0], to: 10}
          - {name: h, op: Cast, in: x, to: 10}
          - {op: Add, in: [h, m]}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {name: m, op: Cast, in: [], input: [-1.0e4, 0.0, 0.0, 0.0], to: 10}
          - {name: h, op: Cast, in: x, to: 10}
          - {op: Add, in: [h, m]}
    """
    facts = analysis.shapes.inputs(cast)
    weight = facts[0].weight if facts and facts[0] is not None else None
    if cast.attrs.get("to") != 10 or weight is None or weight.dtype not in {"float32", "float64", "bfloat16"}:
        return
    try:
        seen = weight.statistics()
    except LoadError:
        return
    worst = max(seen.minimum, seen.maximum, key=abs)
    if abs(worst) > LARGEST:
        yield cast.at().says(
            f"constant '{weight.name}' holds {worst:g}, float16 ends at {LARGEST:g}",
            hint="use -1e4 for masks, or keep the constant in float32",
        )
