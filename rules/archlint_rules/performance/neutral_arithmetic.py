from archlint.api import Analysis, Fact, Findings, Model, Node, rule
from archlint_rules.performance.together import Said, together

NEUTRAL = {"Add": 0, "Sub": 0, "Mul": 1, "Div": 1, "Pow": 1}


@rule("PRF008", on=Model, severity="info", needs=("shapes",), fixable=True)
def neutral_arithmetic(model: Model, analysis: Analysis) -> Findings:
    """An addition of zero, a multiplication by one, or the like.

    The result is the other operand. Scales and offsets that training or an exporter set to their
    neutral value leave such nodes behind. Told only where the constant changes neither the shape nor
    the type; one finding is given for each graph.

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
    for graph in model.graphs():
        nodes = (n for n in graph.nodes if n.op_type in NEUTRAL and not n.domain)
        yield from together([said for n in nodes if (said := _neutral(n, analysis)) is not None])


def _neutral(node: Node, analysis: Analysis) -> Said | None:
    facts = analysis.shapes.inputs(node)
    if len(facts) != 2 or not node.outputs:
        return None
    slots = (1, 0) if node.op_type in {"Add", "Mul"} else (1,)
    for slot in slots:
        operand, other = facts[slot], facts[1 - slot]
        if operand is None or other is None or other.constant or not _all(operand, NEUTRAL[node.op_type]):
            continue
        if other.shape is not None and analysis.shapes.outputs(node)[0].shape == other.shape:
            return (
                node.at(f"input {node.inputs[slot]}"),
                f"{node.op_type} with a constant {NEUTRAL[node.op_type]} changes nothing",
                f"read '{node.inputs[1 - slot]}' instead of '{node.output(0)}'",
            )
    return None


def _all(fact: Fact, number: int) -> bool:
    values = fact.values if fact.constant else None
    return bool(values) and all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and v == number for v in values or ()
    )
