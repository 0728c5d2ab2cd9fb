"""The window of a convolution or pooling node, as its rules read it."""

from dataclasses import dataclass

from archlint.api import Analysis, Dim, Node

POOLS = ("MaxPool", "AveragePool", "LpPool")


@dataclass(frozen=True, slots=True)
class Axis:
    """One spatial axis: input size (None when open), kernel with its gaps, stride and pads."""

    number: int
    size: Dim
    kernel: int
    dilation: int
    stride: int
    begin: int
    end: int

    @property
    def reach(self) -> int:
        """Pixels from the first to the last one of a window."""
        return (self.kernel - 1) * self.dilation + 1


def axes(node: Node, analysis: Analysis) -> list[Axis]:
    """The spatial axes of a node with explicit padding; empty when anything is unusual."""
    facts = analysis.shapes.inputs(node)
    x = facts[0] if facts else None
    kernel: tuple[Dim, ...] | None = node.integers("kernel_shape")
    if node.op_type in {"Conv", "ConvTranspose"} and len(facts) > 1 and facts[1] is not None:
        shape = facts[1].shape
        kernel = shape[2:] if shape is not None else kernel
    if x is None or x.shape is None or not kernel or len(kernel) != len(x.shape) - 2 or node.domain:
        return []
    if node.text("auto_pad", "NOTSET") not in {"NOTSET", "VALID", ""}:
        return []
    n = len(kernel)
    strides = node.integers("strides", (1,) * n)
    dilations = node.integers("dilations", (1,) * n)
    pads = node.integers("pads", (0,) * 2 * n)
    if strides is None or dilations is None or pads is None:
        return []
    if len(strides) != n or len(dilations) != n or len(pads) != 2 * n or min(strides) < 1 or min(pads) < 0:
        return []
    sizes = x.shape[2:]
    return [
        Axis(i, sizes[i], k, dilations[i], strides[i], pads[i], pads[i + n])
        for i, k in enumerate(kernel)
        if isinstance(k, int)
    ]
