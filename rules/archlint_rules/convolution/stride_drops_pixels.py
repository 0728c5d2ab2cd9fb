from archlint.api import Analysis, Findings, Node, rule
from archlint_rules.convolution.windows import POOLS, axes


@rule("CNV001", on=("Conv", *POOLS), severity="info", needs=("shapes",), local=True)
def stride_drops_pixels(node: Node, analysis: Analysis) -> Findings:
    """A strided window that never reaches the last rows or columns of its input.

    When the stride does not divide what is left after the first window, the end of the input is
    read by no window. Rows of padding that go unread are not counted.

    Source: https://onnx.ai/onnx/operators/onnx__MaxPool.html (the output size is rounded down)

    Bad:
        inputs: {x: [1, 3, 10, 10]}
        layers:
          - {op: MaxPool, kernel_shape: [3, 3], strides: [3, 3]}
    Good:
        inputs: {x: [1, 3, 9, 9]}
        layers:
          - {op: MaxPool, kernel_shape: [3, 3], strides: [3, 3]}
    """
    if node.integer("ceil_mode", 0):
        return
    lost: dict[int, tuple[int, int, int]] = {}
    for axis in axes(node, analysis):
        size = axis.size
        if not isinstance(size, int) or axis.stride > axis.reach:
            continue
        room = size + axis.begin + axis.end - axis.reach
        left = room % axis.stride if room >= 0 else 0
        if left > axis.end:
            lost[axis.number] = (left - axis.end, size, axis.stride)
    if lost:
        count, size, stride = next(iter(lost.values()))
        left = count + next(a.end for a in axes(node, analysis) if a.number in lost)
        which = " and ".join(map(str, lost))
        yield node.at("attribute strides").says(
            f"the last {count} of {size} positions of spatial axis {which} are read by no window",
            hint=f"sizes {size - left} and {size - left + stride} fit a stride of {stride}",
            axes=sorted(lost),
            lost=count,
        )
