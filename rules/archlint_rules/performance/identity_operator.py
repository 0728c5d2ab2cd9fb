from archlint.api import Analysis, Fact, Findings, Model, Node, rule
from archlint_rules.performance.together import together

KINDS = {
    "Identity",
    "Dropout",
    "Cast",
    "Pad",
    "Transpose",
    "Reshape",
    "Expand",
    "Concat",
    "Sum",
    "Max",
    "Min",
}


@rule("PRF006", on=Model, severity="info", needs=("shapes",), fixable=True)
def identity_operator(model: Model, analysis: Analysis) -> Findings:
    """An operator that returns its input unchanged.

    Identity, Dropout at inference, a Cast to the same type, a Pad by nothing, a Transpose that keeps
    the order, a join of a single tensor. It costs a copy in runtimes that do not remove it. An
    Identity between an input or another output of the model and an output is needed and left alone,
    and so is arithmetic on shapes. One finding is given for each graph.

    Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ONNX_Runtime_Graph_Optimizations.md
    (Identity Elimination, Dropout Elimination)

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {op: Relu}
          - {op: Identity}
          - {op: Sigmoid}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {op: Relu}
          - {op: Sigmoid}
    """
    for graph in model.graphs():
        found = []
        for node in graph.nodes:
            if node.op_type not in KINDS or node.domain or not node.outputs or not node.inputs:
                continue
            why = _unchanged(node, analysis)
            source, result = node.input(0), node.output(0)
            needed = result in graph.outputs and (source not in graph.producers or source in graph.outputs)
            if why is not None and not needed:
                hint = f"read '{source}' instead of '{result}'"
                found.append((node.at(), f"{node.op_type} {why}", hint))
        yield from together(found)


def _unchanged(node: Node, analysis: Analysis) -> str | None:
    """Why the node is an identity; None when it may not be."""
    facts, outs = analysis.shapes.inputs(node), analysis.shapes.outputs(node)
    x = facts[0] if facts else None
    if x is None or (x.constant and node.op_type != "Identity") or not outs:
        return None
    y = outs[0]
    if y.content is not None or y.constant:
        return None
    if node.op_type == "Identity":
        return "returns its input" if not x.constant else None
    if node.op_type == "Dropout":
        off = len(facts) < 3 or facts[2] is None or facts[2].scalar() in (False, 0)
        return "does nothing at inference" if off and len([o for o in node.outputs if o]) == 1 else None
    if node.op_type == "Cast":
        return f"to {x.dtype} of a {x.dtype} tensor" if x.dtype is not None and x.dtype == y.dtype else None
    if node.op_type == "Pad":
        return "pads by nothing" if _no_pads(node, facts) else None
    if node.op_type == "Transpose":
        perm = node.integers("perm")
        return (
            f"keeps the axes in order {list(perm)}"
            if perm == tuple(range(len(perm or ()))) and perm
            else None
        )
    if node.op_type in {"Reshape", "Expand"}:
        known = x.shape is not None and x.shape == y.shape
        return f"to {y}, which it has already" if known and x.shape else None
    single = len([name for name in node.inputs if name]) == 1
    return "of a single tensor" if single else None


def _no_pads(node: Node, facts: list[Fact | None]) -> bool:
    values = node.integers("pads") or node.integers("paddings")
    if values is None and len(facts) > 1 and facts[1] is not None:
        found = facts[1].values
        return bool(found) and all(isinstance(v, int) and v == 0 for v in found or ())
    return bool(values) and not any(values or ())
