from archlint.api import Analysis, Fact, Findings, Node, rule

NEUTRAL = {"Add": 0, "Sub": 0, "Mul": 1, "Div": 1, "Pow": 1}


@rule("PRF008", on=tuple(NEUTRAL), severity="info", needs=("shapes",), fixable=True)
def neutral_arithmetic(node: Node, analysis: Analysis) -> Findings:
    """An addition of zero, a multiplication by one, or the like.

    The result is the other operand. Scales and offsets that training or an exporter set to their
    neutral value leave such nodes behind. Told only where the constant changes neither the shape nor
    the type.

    Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ONNX_Runtime_Graph_Optimizations.md
    (redundant node eliminations)

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {op: Mul, B: 1.0}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {op: Mul, B: 2.0}
    """
    facts = analysis.shapes.inputs(node)
    if node.domain or len(facts) != 2 or not node.outputs:
        return
    slots = (1, 0) if node.op_type in {"Add", "Mul"} else (1,)
    for slot in slots:
        operand, other = facts[slot], facts[1 - slot]
        if operand is None or other is None or other.constant or not _all(operand, NEUTRAL[node.op_type]):
            continue
        if other.shape is not None and analysis.shapes.outputs(node)[0].shape == other.shape:
            yield node.at(f"input {node.inputs[slot]}").says(
                f"{node.op_type} with a constant {NEUTRAL[node.op_type]} changes nothing",
                hint=f"read '{node.inputs[1 - slot]}' instead of '{node.output(0)}'",
            )
            return


def _all(fact: Fact, number: int) -> bool:
    values = fact.values if fact.constant else None
    return bool(values) and all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and v == number for v in values or ()
    )
