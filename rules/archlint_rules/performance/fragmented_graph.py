from archlint.api import Analysis, Findings, Model, Node, rule

LAYERS = {"Conv", "MaxPool", "AveragePool", "MatMul", "Gemm"}


@rule("PRF015", on=Model, severity="info", needs=("shapes",), default=False)
def fragmented_graph(model: Model, analysis: Analysis, *, branches: int = 4) -> Findings:
    """A tensor from which many small layers branch off.

    Each branch is too small to fill a parallel processor, and starting and joining them costs time.
    ``branches`` is the number of layers that read one tensor from which on it is told, at the node
    that makes it.

    Source: https://arxiv.org/abs/1807.11164 (guideline 3: network fragmentation reduces the degree of
    parallelism)

    Bad:
        inputs: {x: [1, 4, 8, 8]}
        layers:
          - {name: stem, op: Relu, in: x}
          - {name: a, op: Conv, in: stem, weights: {W: [4, 4, 1, 1]}}
          - {name: b, op: Conv, in: stem, weights: {W: [4, 4, 1, 1]}}
          - {name: c, op: Conv, in: stem, weights: {W: [4, 4, 1, 1]}}
          - {name: d, op: Conv, in: stem, weights: {W: [4, 4, 1, 1]}}
          - {name: join, op: Concat, in: [a, b, c, d], axis: 1}
    Good:
        inputs: {x: [1, 4, 8, 8]}
        layers:
          - {name: stem, op: Relu, in: x}
          - {name: join, op: Conv, in: stem, weights: {W: [16, 4, 1, 1]}}
    """
    for graph in model.graphs():
        for node in graph.nodes:
            readers: list[Node] = [r for r in node.readers() if r.op_type in LAYERS and not r.domain]
            if len({id(r) for r in readers}) >= branches:
                yield node.at(f"output {node.output(0)}").says(
                    f"{len(readers)} layers branch off '{node.output(0)}'",
                    hint="join them into fewer, wider layers",
                    readers=[r.label for r in readers],
                )
