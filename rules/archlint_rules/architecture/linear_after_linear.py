from archlint.api import Analysis, Findings, Node, rule

LINEAR = ("Gemm", "MatMul")


@rule("ARC001", on=LINEAR, severity="info", needs=("shapes",))
def linear_after_linear(node: Node, analysis: Analysis) -> Findings:
    """Two linear layers with no nonlinearity between them.

    A product of matrices is one matrix: the two layers compute nothing that one smaller layer could
    not. Told only when the middle is not narrower than both ends; a narrow middle is a low-rank
    factor, which is deliberate.

    Source: https://doi.org/10.1145/3411764.3445538 (UMLAUT: missing activation functions)

    Bad:
        inputs: {x: [1, 16]}
        layers:
          - {op: MatMul, weights: {B: [16, 32]}}
          - {op: MatMul, weights: {B: [32, 8]}}
    Good:
        inputs: {x: [1, 16]}
        layers:
          - {op: MatMul, weights: {B: [16, 32]}}
          - {op: Relu}
          - {op: MatMul, weights: {B: [32, 8]}}
    """
    if node.domain:
        return
    second = _matrix(node, analysis)
    before = _linear_before(node, analysis)
    if before is None or second is None:
        return
    first = _matrix(before, analysis)
    if first is not None and first[1] == second[0] and first[1] >= min(first[0], second[1]):
        yield node.at().says(
            f"{first[0]} -> {first[1]} -> {second[1]} is linear: no activation after '{before.label}'",
            hint=f"put an activation between them, or use one {first[0]} -> {second[1]} layer",
        )


def _matrix(node: Node, analysis: Analysis) -> tuple[int, int] | None:
    """Inputs and outputs of a layer with a constant two-dimensional weight."""
    facts = analysis.shapes.inputs(node)
    weight = facts[1] if len(facts) > 1 else None
    if weight is None or weight.shape is None or len(weight.shape) != 2 or not weight.constant:
        return None
    rows, columns = weight.shape
    if not isinstance(rows, int) or not isinstance(columns, int):
        return None
    return (columns, rows) if node.op_type == "Gemm" and node.integer("transB", 0) else (rows, columns)


def _linear_before(node: Node, analysis: Analysis) -> Node | None:
    """The linear layer whose result only ``node`` reads, through a bias and Identity."""
    here, slot = node, 0
    for _ in range(4):
        before = here.producer(slot)
        if before is None or before.domain or before.sole_reader() is not here:
            return None
        if before.op_type in LINEAR:
            return before
        facts = analysis.shapes.inputs(before)
        if before.op_type == "Add":
            open_slots = [i for i, f in enumerate(facts) if f is not None and not f.constant]
            if len(open_slots) != 1:
                return None
            slot = open_slots[0]
        elif before.op_type in {"Identity", "Dropout"}:
            slot = 0
        else:
            return None
        here = before
    return None
