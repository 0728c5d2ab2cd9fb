"""Data movement: elements change their place, never their value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.model import Fact
from archlint.ops import attribute
from archlint.ops.content import followed, known_values, pick
from archlint.ops.cost import FREE, Cost
from archlint.ops.interval import Interval
from archlint.ops.operator import Operator, operator
from archlint.ops.ranges import collapsed, moved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from archlint.model import Scalar, Shape
    from archlint.symbolic import Dim


class Movement(Operator):
    """Common ground: free, and bounded by what it moves."""

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Nothing: no arithmetic."""
        return FREE

    def arranged(self, x: Fact, shape: Shape | None, arrange: Callable[[NDArray[Any]], NDArray[Any]]) -> Fact:
        """``x`` in another order: the content follows when it is known."""
        content: tuple[Scalar, ...] | None = None
        if (x.content is not None or x.weight is not None) and followed(shape, x.dtype) is not None:
            values = known_values(x)
            if values is not None:
                content = pick(values, x.shape, arrange)
        return Fact(x.dtype, shape, content)

    def kept(self, x: Fact, shape: Shape | None) -> Fact:
        """``x`` with the same elements in the same order under another shape."""
        values = None
        if x.content is not None or x.weight is not None:
            values = known_values(x) if followed(shape, x.dtype) is not None else None
        return Fact(x.dtype, shape, values)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [collapsed(ranges[:1])] * len(outs)


@operator("Identity")
class Identity(Movement):
    """x itself.

    https://onnx.ai/onnx/operators/onnx__Identity.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        return [x]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [ranges[0]]


@operator("Transpose")
class Transpose(Movement):
    """The axes of x in another order, reversed when ``perm`` is left out.

    https://onnx.ai/onnx/operators/onnx__Transpose.html
    """

    perm = attribute.integers()

    def outputs(self, x: Fact) -> list[Fact]:
        perm = self.perm
        if x.shape is None:
            if perm is None:
                return [x.of(None)]
            from archlint.model import unknown_dims

            return [x.of(unknown_dims(len(perm)))]
        order = self.order(len(x.shape))
        shape = tuple([x.shape[i] for i in order])
        if x.content is None and x.weight is None:
            return [Fact(x.dtype, shape)]
        return [self.arranged(x, shape, lambda a: a.transpose(order))]

    def order(self, rank: int) -> tuple[int, ...]:
        """The permutation in force; raises `ShapeError` when it is none of ``rank`` axes."""
        perm = self.perm
        if perm is None:
            return tuple(range(rank - 1, -1, -1))
        if sorted(p + rank if p < 0 else p for p in perm) != list(range(rank)):
            from archlint.errors import ShapeError

            message = f"perm {list(perm)} is no order of the {rank} axes of '{self.node.inputs[0]}'"
            raise ShapeError("attribute-invalid", message, subject="attribute perm")
        return tuple(perm)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        rank = outs[0].rank
        if rank is None:
            return [collapsed(ranges)]
        return [moved(ranges[0], rank, lambda a: a.transpose(self.order(rank)))]


@operator("DepthToSpace")
class DepthToSpace(Movement):
    """Blocks of channels unfolded into space: [N, C, H, W] to [N, C/b^2, H*b, W*b].

    https://onnx.ai/onnx/operators/onnx__DepthToSpace.html
    """

    blocksize = attribute.integer(0)
    mode = attribute.choice("DCR", "CRD")

    def outputs(self, x: Fact) -> list[Fact]:
        from archlint.errors import ShapeError
        from archlint.symbolic import floordiv

        b = self._block()
        n, c, *space = _image(self, x)
        if isinstance(c, int) and c % b**2:
            message = f"{c} channels are not divisible by blocksize {b} squared"
            raise ShapeError("attribute-invalid", message, subject="attribute blocksize")
        return [x.of((n, floordiv(c, b**2), *(d * b for d in space)))]

    def _block(self) -> int:
        from archlint.errors import ShapeError

        if self.blocksize < 1:
            message = f"blocksize {self.blocksize} is not positive"
            raise ShapeError("attribute-invalid", message, subject="attribute blocksize")
        return self.blocksize


@operator("SpaceToDepth")
class SpaceToDepth(DepthToSpace):
    """Blocks of space folded into channels: [N, C, H, W] to [N, C*b^2, H/b, W/b].

    https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        from archlint.errors import ShapeError
        from archlint.symbolic import floordiv

        b = self._block()
        n, c, *space = _image(self, x)
        for d in space:
            if isinstance(d, int) and d % b:
                message = f"a side of {d} is not divisible by blocksize {b}"
                raise ShapeError("attribute-invalid", message, subject="attribute blocksize")
        return [x.of((n, c * b**2, *(floordiv(d, b) for d in space)))]


def _image(self: Operator, x: Fact) -> tuple[Dim, ...]:
    """The four axes of an image batch; raises `ShapeError` for another rank."""
    from archlint.errors import ShapeError
    from archlint.model import unknown_dims

    if x.shape is None:
        return unknown_dims(4)
    if len(x.shape) != 4:
        message = f"{self.node.op_type} needs 4 axes, '{self.node.inputs[0]}' has {len(x.shape)}"
        raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[0]}")
    return x.shape


@operator("ReverseSequence", since=10)
class ReverseSequence(Movement):
    """Each batch entry with its first ``sequence_lens`` steps reversed.

    https://onnx.ai/onnx/operators/onnx__ReverseSequence.html
    """

    batch_axis = attribute.integer(1)
    time_axis = attribute.integer(0)

    def outputs(self, x: Fact, lengths: Fact) -> list[Fact]:
        return [x.of(x.shape)]


@operator("Trilu", since=14)
class Trilu(Movement):
    """The upper or lower triangle of the last two axes; zeros elsewhere.

    https://onnx.ai/onnx/operators/onnx__Trilu.html
    """

    upper = attribute.integer(1)

    def outputs(self, x: Fact, k: Fact | None = None) -> list[Fact]:
        return [x.of(x.shape)]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        x = collapsed(ranges[:1])
        return [Interval(min(x.least(), 0.0), max(x.greatest(), 0.0), x.source)]
