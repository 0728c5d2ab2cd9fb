from archlint.api import Findings, Graph, LoadError, Model, Weight, rule

FLOATS = {"float16", "bfloat16", "float32", "float64"}
MOVES = {
    "Cast", "Concat", "Expand", "Identity", "Reshape", "Slice", "Squeeze", "Tile", "Transpose", "Unsqueeze",
}  # fmt: skip
ARITHMETIC = {
    "Add", "BatchNormalization", "Conv", "ConvTranspose", "Div", "Gather", "Gemm", "GRU", "GroupNormalization",
    "InstanceNormalization", "LSTM", "LayerNormalization", "MatMul", "Mul", "PRelu", "RNN", "Sub",
}  # fmt: skip
MASKED = {"Softmax", "LogSoftmax", "Where", "Max", "ReduceMax", "ReduceLogSumExp", "TopK", "ArgMax", "Exp"}
REACH = 12


@rule("NUM001", on=Model, severity="error", needs=("weights",))
def nan_weight(model: Model) -> Findings:
    """A weight that holds NaN, or an infinity that arithmetic will spread.

    One NaN in a weight makes every output that it touches NaN: the training had diverged, or the
    file was converted wrongly. Infinities are told only where they enter arithmetic; the -Inf of a
    mask that is added before a Softmax, bounds for Clip or Min, and NaN scalars that Where picks
    on purpose are left alone.

    Source: https://arxiv.org/abs/2204.00694 (TheDeepChecker: NaN and Inf among the invalid weights)

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {op: MatMul, weights: {B: [4, 4]}, init: {B: {constant: .nan}}}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {op: MatMul, weights: {B: [4, 4]}, init: {B: {constant: 0.5}}}
    """
    for graph in model.graphs():
        for name, weight in graph.weights.items():
            if weight.dtype not in FLOATS:
                continue
            try:
                seen = weight.statistics()
            except LoadError:
                continue
            if seen.nan and not _chosen(graph, name, weight):
                text = _count(weight, seen.nan, "NaN", seen.first_nan)
            elif seen.inf and _spreads(graph, name):
                text = _count(weight, seen.inf, "infinite", seen.first_inf)
            else:
                continue
            yield graph.at(f"initializer {name}").says(
                f"initializer '{name}': {text}",
                hint="take the weights from an earlier checkpoint, or repeat the conversion in float32",
                nan=seen.nan,
                inf=seen.inf,
            )


def _count(weight: Weight, count: int, what: str, first: int | None) -> str:
    index = []
    rest = first or 0
    for size in reversed(weight.shape):
        rest, at = divmod(rest, size)
        index.append(at)
    where = f" (first at {index[::-1]})" if index else ""
    return f"{count:,} {what} of {weight.numel:,} values{where}"


def _chosen(graph: Graph, name: str, weight: Weight) -> bool:
    """True for a scalar that only Where reads: an author wrote NaN as a marker."""
    uses = list(graph.everywhere(name))
    return weight.numel == 1 and bool(uses) and all(n.op_type in {"Where", "Equal"} for n, _ in uses)


def _spreads(graph: Graph, name: str) -> bool:
    """True when the infinity enters arithmetic that is not a mask."""
    waiting = [(graph, name, 0)]
    while waiting:
        where, tensor, depth = waiting.pop()
        for node, _ in where.everywhere(tensor):
            if node.op_type in MOVES and depth < REACH:
                waiting += [(node.graph, out, depth + 1) for out in node.outputs]
            elif node.op_type in ARITHMETIC and not node.domain:
                masks = node.op_type in {"Add", "Sub", "Mul", "Gather"}
                if not (masks and _masked(node.graph, node.output(0), depth)):
                    return True
    return False


def _masked(graph: Graph, name: str, depth: int) -> bool:
    """True when ``name`` ends in an operator for which -Inf means «leave out»."""
    follow = MOVES | {"Add", "Sub", "Mul", "Gather", "Min"}
    waiting = [(graph, name, depth)]
    seen: set[tuple[int, str]] = set()
    while waiting:
        where, tensor, here = waiting.pop()
        if here > REACH:
            return True
        for node, _ in where.everywhere(tensor):
            if node.op_type in MASKED:
                return True
            if node.op_type in follow:
                for out in node.outputs:
                    if (id(node.graph), out) not in seen:
                        seen.add((id(node.graph), out))
                        waiting.append((node.graph, out, here + 1))
    return False
