from archlint.api import Analysis, Findings, Node, rule


@rule("PRF012", on=("Conv", "Gemm", "MatMul"), severity="info", needs=("shapes",), default=False)
def tensor_core_misalignment(node: Node, analysis: Analysis, *, multiple: int = 8) -> Findings:
    """A layer whose channels do not fill the tiles of a GPU's matrix units.

    Sizes that are no multiple of 8 (float16) or 16 (int8) are padded or run on slower kernels.
    ``multiple`` is the tile; the first layer of a model and layers of one channel are left alone.

    Source: https://docs.nvidia.com/deeplearning/performance/dl-performance-matrix-multiplication/index.html

    Bad:
        inputs: {x: [1, 64]}
        layers:
          - {op: MatMul, weights: {B: [64, 100]}}
          - {op: MatMul, weights: {B: [100, 64]}}
    Good:
        inputs: {x: [1, 64]}
        layers:
          - {op: MatMul, weights: {B: [64, 104]}}
          - {op: MatMul, weights: {B: [104, 64]}}
    """
    facts = analysis.shapes.inputs(node)
    weight = facts[1] if len(facts) > 1 else None
    if weight is None or weight.shape is None or len(weight.shape) < 2 or not weight.constant or node.domain:
        return
    if node.producer() is None:
        return
    wrong = [d for d in weight.shape[:2] if isinstance(d, int) and d > 1 and d % multiple]
    if wrong:
        yield node.at().says(
            f"weight {weight}: {wrong[0]} is no multiple of {multiple}",
            hint=f"{-(-wrong[0] // multiple) * multiple} would fill whole tiles",
        )
