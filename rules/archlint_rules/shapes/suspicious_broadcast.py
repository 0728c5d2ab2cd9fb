from archlint.api import Analysis, Findings, Node, rule


@rule("SHP023", on=("Add", "Sub", "Mul", "Div"), needs=("shapes",), local=True)
def suspicious_broadcast(node: Node, analysis: Analysis) -> Findings:
    """A column [n, 1] that meets a row [n] of the same length and becomes a matrix [n, n].

    Predictions [N, 1] minus labels [N] is the classic: the intended N differences become N x N.
    Only computed float tensors are judged; index grids and constant tables are made this way on
    purpose.

    Source: https://onnx.ai/onnx/repo-docs/Broadcasting.html

    Bad:
        inputs: {predicted: [N, 1], wanted: [N]}
        layers:
          - {op: Sub, in: [predicted, wanted]}
    Good:
        inputs: {predicted: [N], wanted: [N]}
        layers:
          - {op: Sub, in: [predicted, wanted]}
    """
    facts = analysis.shapes.inputs(node)[:2]
    if len(facts) < 2 or node.domain or len(set(node.inputs)) < 2:
        return
    a, b = facts
    if a is None or b is None or a.constant or b.constant or "float32" not in (a.dtype, b.dtype):
        return
    for column, row in ((a, b), (b, a)):
        if column.shape is None or row.shape is None or len(column.shape) != 2 or len(row.shape) != 1:
            continue
        n = row.shape[0]
        if column.shape[0] == n and column.shape[1] == 1 and n != 1:
            yield node.at().says(
                f"{node.op_type} of {column} and {row} makes a matrix [{n}, {n}]",
                hint=f"squeeze the column to [{n}] if elements were meant to meet one by one",
            )
