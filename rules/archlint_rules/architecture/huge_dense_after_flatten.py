from archlint.api import Analysis, Findings, Node, rule

BETWEEN = {"Dropout", "Identity", "Relu"}


@rule("ARC013", on=("Gemm", "MatMul"), severity="info", needs=("shapes",))
def huge_dense_after_flatten(
    node: Node, analysis: Analysis, *, share: float = 0.5, at_least: int = 1_000_000
) -> Findings:
    """A dense layer on a flattened image that holds most of the model's parameters.

    Every pixel has weights of its own, so the layer is large, fixes the image size and overfits;
    global average pooling before it removes all three. ``share`` is the part of the parameters, and
    ``at_least`` their number, from which on the layer is told.

    Source: https://arxiv.org/abs/1312.4400 (Network in Network: global average pooling)

    Example: built in the tests
    """
    before, _ = node.source(BETWEEN)
    if before is None or before.kind not in {"Flatten", "Reshape"} or not before.inputs:
        return
    image = analysis.shapes.inputs(before)[0]
    facts = analysis.shapes.inputs(node)
    weight = facts[1] if len(facts) > 1 else None
    if image is None or image.rank is None or image.rank < 4 or weight is None or not weight.constant:
        return
    area = [d for d in (image.shape or ())[2:] if isinstance(d, int)]
    size = weight.numel
    if not isinstance(size, int) or size < at_least or not any(d > 1 for d in area):
        return
    total = _parameters(analysis)
    if total and size >= share * total:
        yield node.at(f"input {node.input(1)}").says(
            f"{size:,} of {total:,} parameters ({100 * size / total:.0f} %) are in this layer, "
            f"which reads a flattened {image}",
            hint="pool globally before the layer",
        )


def _parameters(analysis: Analysis) -> int:
    """Elements of every constant that a weighted operator of the main graph reads."""
    sizes: dict[str, int] = {}
    for step in analysis.shapes.main.steps:
        for slot, fact in enumerate(step.ins[1:], 1):
            if fact is not None and fact.constant and isinstance(fact.numel, int):
                sizes[step.node.inputs[slot]] = fact.numel
    return sum(sizes.values())
