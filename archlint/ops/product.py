"""Matrix products: MatMul and Gemm, and what their fused and quantised forms share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.ops import affine, attribute
from archlint.ops.agreement import agree
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import Operator, operator
from archlint.symbolic import Dim, broadcast, fresh, is_known, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Fact, Node, Shape


def matmul_shape(
    a: Shape | None, b: Shape | None, node: Node, slots: tuple[int, int] = (0, 1)
) -> Shape | None:
    """Shape of ``numpy.matmul(a, b)``; raises `ShapeError` where inner or batch sizes clash."""
    for shape, slot in ((a, slots[0]), (b, slots[1])):
        if shape == ():
            message = f"{node.op_type} cannot multiply the scalar '{node.inputs[slot]}'"
            raise ShapeError("shape-mismatch", message, subject=f"input {node.inputs[slot]}")
    if a is None or b is None:
        return None
    left, right = (1, *a) if len(a) == 1 else a, (*b, 1) if len(b) == 1 else b
    message = f"{node.op_type} multiplies rows of {{a}} by columns of {{b}}"
    agree(left[-1], right[-2], message, subject=f"input {node.inputs[slots[1]]}")
    batch = batch_shape(left[:-2], right[:-2], node)
    rows = () if len(a) == 1 else (left[-2],)
    columns = () if len(b) == 1 else (right[-1],)
    return (*batch, *rows, *columns)


def batch_shape(a: Shape, b: Shape, node: Node) -> Shape:
    """The broadcast of two batches of matrices."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    skip = len(longer) - len(shorter)
    try:
        joined = [broadcast(p, q) for p, q in zip(longer[skip:], shorter, strict=True)]
    except ValueError as error:
        message = f"{node.op_type}'s batches do not fit: {error}"
        raise ShapeError("shape-mismatch", message, subject=f"input {node.inputs[1]}") from None
    return (*longer[:skip], *joined)


def inner(a: Fact | None, b: Fact | None) -> Dim | None:
    """The size that a matrix product sums over, from whichever factor tells it best."""
    found: list[Dim] = []
    if a is not None and a.shape:
        found.append(a.shape[-1])
    if b is not None and b.shape:
        found.append(b.shape[-2] if len(b.shape) > 1 else b.shape[-1])
    return next((s for s in found if isinstance(s, int)), next((s for s in found if is_known(s)), None)) or (
        found[0] if found else None
    )


def product_bounds(a: Interval, b: Interval, terms: Dim | None) -> Interval:
    """Values of ``a @ b``: exact in a constant factor's signs, else ``terms`` times the extremes."""
    if b.array is not None and b.array.ndim == 2:
        ends = affine.along(a, -1)
        if all(end.shape in ((), b.array.shape[:1]) for end in ends):
            return affine.weighted(ends, b.array, a.source)
    if a.array is not None and a.array.ndim == 2:
        rows = affine.weighted((_flat(b.least()), _flat(b.greatest())), a.array.T, b.source)
        return Interval(rows.least(), rows.greatest(), b.source)
    if not isinstance(terms, int):
        return ANY
    return affine.repeated(
        affine.product(
            Interval(a.least(), a.greatest(), a.source), Interval(b.least(), b.greatest(), b.source)
        ),
        terms,
    )


def _flat(value: float) -> affine.Array:
    import numpy as np

    return np.asarray(value, dtype=np.float64)


@operator("MatMul")
class MatMul(Operator):
    """Y = A @ B over the last two axes, batches broadcast, as numpy.matmul.

    https://onnx.ai/onnx/operators/onnx__MatMul.html
    """

    numberless = True

    def outputs(self, a: Fact, b: Fact) -> list[Fact]:
        return [a.of(matmul_shape(a.shape, b.shape, self.node), a.dtype or b.dtype)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Each output element sums K products: ``numel(Y) * K`` macs, ``numel(Y) * (K - 1)`` adds."""
        a, b, y = ins[0], ins[1], outs[0].numel
        terms = inner(a, b)
        return None if y is None or terms is None else Cost.linear(y, terms)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        a, b = ins[0], ins[1]
        terms = inner(a, b)
        return affine.finished([product_bounds(ranges[0], ranges[1], terms)], ranges, outs)


@operator("Gemm")
class Gemm(Operator):
    """Y = alpha * A' @ B' + beta * C, A and B transposed where the attributes say so.

    https://onnx.ai/onnx/operators/onnx__Gemm.html
    """

    numberless = True

    alpha = attribute.number(1.0)
    beta = attribute.number(1.0)
    transA = attribute.integer(0)  # noqa: N815 - ONNX's spelling
    transB = attribute.integer(0)  # noqa: N815

    def outputs(self, a: Fact, b: Fact, c: Fact | None = None) -> list[Fact]:
        left, right = (
            self._oriented(f, i, t) for i, (f, t) in enumerate(((a, self.transA), (b, self.transB)))
        )
        if left is not None and right is not None:
            message = "Gemm multiplies rows of {a} by columns of {b}"
            subject = f"input {self.node.inputs[1]}"
            flip = "transB=0" if self.transB else "transB=1"
            help_ = None
            if isinstance(left[1], int) and left[1] == right[1] != right[0]:
                help_ = f"{flip} would fit this weight"
            agree(left[1], right[0], message, subject=subject, help=help_)
        rows = fresh() if left is None else left[0]
        columns = fresh() if right is None else right[1]
        if c is not None and c.shape is not None:
            self._check_bias(c.shape, (rows, columns))
        return [a.of((rows, columns), a.dtype or b.dtype)]

    def _oriented(self, fact: Fact, slot: int, flag: int) -> Shape | None:
        shape = fact.shape
        if shape is None:
            return None
        if len(shape) != 2:
            message = f"Gemm needs matrices, '{self.node.inputs[slot]}' has {len(shape)} axes"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[slot]}")
        return shape[::-1] if flag else shape

    def _check_bias(self, c: Shape, y: Shape) -> None:
        fits = len(c) <= 2 and all(
            not isinstance(p, int) or not isinstance(q, int) or p in (1, q)
            for p, q in zip(reversed(c), reversed(y), strict=False)
        )
        if not fits:
            shown = " x ".join(str(d) for d in c)
            message = f"Gemm's C is {shown}, it does not broadcast to {y[0]} x {y[1]}"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[2]}")

    def terms(self, ins: Sequence[Fact | None]) -> Dim | None:
        """The size summed over."""
        a, b = ins[0], ins[1]
        if a is not None and a.shape is not None and self.transA:
            a = a.of(a.shape[::-1])
        if b is not None and b.shape is not None and self.transB:
            b = b.of(b.shape[::-1])
        return inner(a, b)

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """K products summed for each output element; C adds one more.

        A factor alpha other than 1 multiplies every element of Y once, beta every element of C.
        """
        y, terms = outs[0].numel, self.terms(ins)
        if y is None or terms is None:
            return None
        c = ins[2] if len(ins) > 2 else None
        bias = c is not None and self.beta != 0
        cost = Cost.linear(y, terms, bias=bias)
        if self.alpha != 1:
            cost = cost + Cost(mults=y)
        if bias and self.beta != 1:
            n = c.numel if c is not None else None
            cost = cost + Cost(mults=fresh() if n is None else n)
        return cost

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        a, b = ranges[0], ranges[1]
        if self.transA:
            a = Interval(a.least(), a.greatest(), a.source, None if a.array is None else a.array.T)
        if self.transB:
            b = Interval(b.least(), b.greatest(), b.source, None if b.array is None else b.array.T)
        y = affine.scaled(product_bounds(a, b, self.terms(ins)), self.alpha)
        if len(ins) > 2 and ins[2] is not None:
            y = affine.add(y, affine.scaled(ranges[2], self.beta))
        return affine.finished([y], ranges, outs)


@operator("Det")
class Det(Operator):
    """The determinant of each square matrix of a batch.

    https://onnx.ai/onnx/operators/onnx__Det.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        if x.shape is None:
            return [x]
        if len(x.shape) < 2:
            message = f"Det needs matrices, '{self.node.inputs[0]}' has {len(x.shape)} axes"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[0]}")
        message = "Det needs square matrices, not {a} x {b}"
        agree(x.shape[-2], x.shape[-1], message, subject=f"input {self.node.inputs[0]}")
        return [x.of(x.shape[:-2])]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Gaussian elimination of an n x n matrix, then the product of the pivots.

        ``(n-1)n(2n-1)/6`` multiplications and subtractions, ``n(n-1)/2`` divisions, n - 1
        multiplications.
        """
        x = ins[0]
        if x is None or x.shape is None:
            return None
        n, batch = x.shape[-1], product(x.shape[:-2])
        updates = (n - 1) * n * (2 * n - 1) // 6
        return Cost(mults=updates + n - 1, adds=updates, other=n * (n - 1) // 2).times(batch)
