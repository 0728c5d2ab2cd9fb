"""How many pixels of the image each tensor sees, along each spatial axis."""

from dataclasses import dataclass

from archlint.api import Analysis, Node, Step
from archlint_rules.convolution.windows import POOLS, axes

LOCAL = {
    "Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Clip", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "Gelu",
    "BatchNormalization", "Dropout", "Identity", "Add", "Sub", "Mul", "Div", "Sum", "Concat", "Cast", "Softplus",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """Pixels seen along each axis, the pixels between neighbours, and the size of the image."""

    seen: tuple[int, ...]
    step: tuple[int, ...]
    image: tuple[int, ...]

    @property
    def whole(self) -> bool:
        """True when every axis of the image is seen from end to end."""
        return all(seen >= size for seen, size in zip(self.seen, self.image, strict=True))


def fields(analysis: Analysis) -> dict[str, Field]:
    """The receptive field of every tensor that convolutions and pools make of an image of fixed size.

    The widest path counts where several meet. A tensor behind an operator that mixes positions in
    another way (a product, a reduction, a resize) has none.
    """
    graph = analysis.model.graph
    found: dict[str, Field] = {}
    for name in graph.inputs:
        shape = analysis.shapes.main.fact(name).shape
        image = (
            tuple(d for d in shape[2:] if isinstance(d, int)) if shape is not None and len(shape) > 2 else ()
        )
        if shape is not None and image and len(image) == len(shape) - 2 and name not in graph.weights:
            found[name] = Field((1,) * len(image), (1,) * len(image), image)
    for step in analysis.shapes.main.steps:
        made = _through(step, found, analysis)
        if made is not None:
            found[step.node.output(0)] = made
    return found


def _through(step: Step, found: dict[str, Field], analysis: Analysis) -> Field | None:
    node = step.node
    if node.domain or not node.outputs:
        return None
    if node.op_type == "Conv" or node.op_type in POOLS:
        before = found.get(node.input(0))
        window = axes(node, analysis)
        if before is None or len(window) != len(before.seen):
            return None
        seen = tuple(s + (w.reach - 1) * t for s, t, w in zip(before.seen, before.step, window, strict=True))
        return Field(
            seen, tuple(t * w.stride for t, w in zip(before.step, window, strict=True)), before.image
        )
    if node.op_type not in LOCAL:
        return None
    open_inputs = [
        n for n, f in zip(node.inputs, step.ins, strict=False) if n and f is not None and not f.constant
    ]
    known = [found[n] for n in open_inputs if n in found]
    if not known or len(known) < len(open_inputs) or len({len(f.seen) for f in known}) > 1:
        return None
    first = known[0]
    return Field(
        tuple(max(each) for each in zip(*(f.seen for f in known), strict=True)),
        tuple(max(each) for each in zip(*(f.step for f in known), strict=True)),
        first.image,
    )


def layer(node: Node, analysis: Analysis) -> bool:
    """True for a convolution that looks at more than one pixel."""
    return node.kind == "Conv" and any(axis.kernel > 1 for axis in axes(node, analysis))
