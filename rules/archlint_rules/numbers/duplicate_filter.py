from archlint.api import Analysis, Findings, LoadError, Node, rule

MAX_VALUES = 20_000_000


@rule("NUM004", on=("Conv", "Gemm"), needs=("shapes", "weights"))
def duplicate_filter(node: Node, analysis: Analysis, *, share: float = 0.5) -> Findings:
    """A layer in which many output channels have exactly the same weights and bias.

    Channels that start equal stay equal under gradient descent: the symmetry was never broken, and
    the copies add cost but no information. ``share`` is the share of channels that are copies of
    another from which on the layer is told. Depthwise convolutions, layers of fewer than 4 channels
    and constant weights are left alone.

    Source: https://arxiv.org/abs/2204.00694 (TheDeepChecker: poor initialization, unbroken symmetry)

    Bad:
        inputs: {x: [1, 2]}
        layers:
          - {op: Gemm, transB: 1, B: [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [3.0, 1.0]]}
    Good:
        inputs: {x: [1, 2]}
        layers:
          - {op: Gemm, transB: 1, B: [[1.0, 2.0], [2.0, 1.0], [0.0, 2.0], [3.0, 1.0]]}
    """
    facts = analysis.shapes.inputs(node)
    weight = facts[1].weight if len(facts) > 1 and facts[1] is not None else None
    if weight is None or len(weight.shape) < 2 or not 8 <= weight.numel <= MAX_VALUES:
        return
    if weight.dtype not in {"float32", "float16", "float64"} or node.integer("group", 1) != 1:
        return
    try:
        seen = weight.statistics()
        values = weight.array()
        if seen.minimum == seen.maximum:
            return
        bias = facts[2].weight.array() if len(facts) > 2 and facts[2] and facts[2].weight else None
    except LoadError:
        return
    if node.op_type == "Gemm" and not node.integer("transB", 0):
        values = values.T
    rows = values.reshape(values.shape[0], -1)
    if len(rows) - len(set(rows[:, 0].tolist())) < share * len(rows):
        return
    begins = {row.tobytes() for row in rows[:, :8]}
    if len(rows) - len(begins) < share * len(rows):
        return
    flat = bias.reshape(-1) if bias is not None and bias.size == len(rows) else None
    keys: dict[bytes, int] = {}
    copies = 0
    for i, row in enumerate(rows):
        if not row.any():
            continue
        key = row.tobytes() + (flat[i].tobytes() if flat is not None else b"")
        copies += key in keys
        keys.setdefault(key, i)
    if len(rows) >= 4 and copies >= share * len(rows):
        yield node.at(f"input {node.input(1)}").says(
            f"{copies} of {len(rows)} output channels are exact copies of another one",
            hint="initialize the layer at random, or remove the copies",
            copies=copies,
        )
