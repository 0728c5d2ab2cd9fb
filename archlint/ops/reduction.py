"""Reductions: axes summed, multiplied, compared away; and running sums."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar

from archlint.model import Fact, unknown_dims
from archlint.ops import attribute
from archlint.ops.broadcasting import axis_in
from archlint.ops.content import fit, followed, known_values
from archlint.ops.cost import FREE, Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import Operator, operator
from archlint.ops.ranges import collapsed, settled
from archlint.symbolic import Dim, Expr, divide_exact, fresh, maximum, minimum, product

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archlint.model import Scalar, Shape


class Reduction(Operator):
    """Common ground: which axes go, what is left, and the number of elements behind each result.

    ``before`` and ``after`` name the `Cost` fields that an operation on each input element and on
    each result adds to, ``each`` the one of the ``n - 1`` combinations.
    """

    noop_with_empty_axes = attribute.integer(0)
    keepdims = attribute.integer(1)
    axes_until: ClassVar[int] = 18
    each: ClassVar[str] = "adds"
    before: ClassVar[str | None] = None
    after: ClassVar[str | None] = None
    combine: ClassVar[Any] = None

    def outputs(self, x: Fact, axes: Fact | None = None) -> list[Fact]:
        named: tuple[int, ...] | None
        if axes is None:
            attr = self.attrs.get("axes")
            named = tuple(attr) if attr is not None else ()
        else:
            values = known_values(axes)
            if values is None or not all(isinstance(v, int) for v in values):
                return [x.of(self._undecided(x, axes))]
            named = tuple(int(v) for v in values)  # type: ignore[arg-type]
        if not named and self.noop_with_empty_axes and (axes is not None or self.opset >= 13):
            return [x] if not (self.before or self.after) else [x.of(x.shape)]
        if x.shape is None:
            if named or self.keepdims:
                return [x.of(None)]
            return [x.of(())]
        rank = len(x.shape)
        gone = {axis_in(self.node, a, rank, name="axes") for a in named} if named else set(range(rank))
        shape: list[Dim] = []
        for i, dim in enumerate(x.shape):
            if i not in gone:
                shape.append(dim)
            elif self.keepdims:
                shape.append(1)
        return [Fact(x.dtype, tuple(shape), self._content(x, tuple(shape), gone))]

    def _undecided(self, x: Fact, axes: Fact) -> Shape | None:
        if x.shape is None:
            return None
        rank = len(x.shape)
        if self.keepdims:
            return tuple(1 if d == 1 else fresh() for d in x.shape)
        count = axes.shape[0] if axes.shape else None
        if not isinstance(count, int) or count > rank:
            return None
        if count == 0:
            return x.shape if self.noop_with_empty_axes else ()
        return unknown_dims(rank - count)

    def _content(self, x: Fact, shape: Shape, gone: set[int]) -> tuple[Scalar, ...] | None:
        function = type(self).combine
        if function is None or (x.content is None and x.weight is None):
            return None
        count = followed(shape, x.dtype)
        values = known_values(x)
        if values is None or not count or x.shape is None or followed(x.shape, x.dtype) is None:
            return None
        import numpy as np

        index = np.arange(len(values)).reshape(x.shape)  # type: ignore[arg-type]
        kept = [i for i in range(len(x.shape)) if i not in gone]
        rows = index.transpose([*kept, *sorted(gone)]).reshape(count, -1).tolist()
        return tuple(fit(self._one(function, [values[i] for i in row]), x.dtype) for row in rows)

    @staticmethod
    def _one(function: Callable[[Sequence[Any]], Any], row: Sequence[Any]) -> Any:
        if not row or None in row:
            return None
        if any(isinstance(v, float) and not v.is_integer() for v in row) and len(row) > 1:
            return None
        try:
            result = function([int(v) if isinstance(v, float) else v for v in row])
        except (ZeroDivisionError, OverflowError):
            return None
        # beyond 2**24 a float32 sum may round at every step
        small = (
            not any(isinstance(v, float) for v in row) or isinstance(result, Expr) or abs(result) < 1 << 24
        )
        return result if small else None

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """``inputs - outputs`` combinations, plus what is done to each input and each result."""
        x = ins[0]
        n, m = None if x is None else x.numel, outs[0].numel
        if n is None or m is None:
            return None
        total = Cost(**{self.each: n - m})
        if self.before is not None:
            total = total + Cost(**{self.before: n})
        return total if self.after is None else total + Cost(**{self.after: m})

    def behind(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> int | None:
        """Elements behind each result, where that is a number."""
        x = ins[0]
        n, m = None if x is None else x.numel, outs[0].numel
        if n is None or m is None:
            return None
        found = divide_exact(n, m)
        return found if isinstance(found, int) else None


class Extreme(Reduction):
    """The largest or smallest element."""

    each = "other"

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [collapsed(ranges[:1])]


@operator("ReduceMax")
class ReduceMax(Extreme):
    """The largest element of the axes reduced.

    https://onnx.ai/onnx/operators/onnx__ReduceMax.html
    """

    combine = staticmethod(
        lambda row: reduce(maximum, row) if any(isinstance(v, Expr) for v in row) else max(row)
    )


@operator("ReduceMin")
class ReduceMin(Extreme):
    """The smallest element of the axes reduced.

    https://onnx.ai/onnx/operators/onnx__ReduceMin.html
    """

    combine = staticmethod(
        lambda row: reduce(minimum, row) if any(isinstance(v, Expr) for v in row) else min(row)
    )


def _rounded_sum(r: Interval, n: int, dtype: str | None, *, scale: float) -> Interval:
    """``scale`` times the sum of ``n`` elements of ``r``, every partial sum rounded."""
    size = max(abs(r.least()), abs(r.greatest()))
    unit = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
    whole = dtype is not None and dtype.startswith(("int", "uint"))
    slack = 0.0 if whole or size == float("inf") else n * size * (n + 2) * unit.get(dtype or "", 2.0**-3)
    lo, hi = r.least() * n - slack, r.greatest() * n + slack
    return settled(lo * scale, hi * scale, dtype, [r], ulps=2)


@operator("ReduceSum")
class ReduceSum(Reduction):
    """The sum: ``n - 1`` additions.

    https://onnx.ai/onnx/operators/onnx__ReduceSum.html
    """

    axes_until = 13
    combine = staticmethod(lambda row: sum(row[1:], row[0]) + 0)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        n = self.behind(ins, outs)
        return [ANY if n is None else _rounded_sum(ranges[0], n, outs[0].dtype, scale=1.0)]


@operator("ReduceMean")
class ReduceMean(Reduction):
    """The mean: ``n - 1`` additions and one division.

    https://onnx.ai/onnx/operators/onnx__ReduceMean.html
    """

    after = "other"

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        n = self.behind(ins, outs)
        if not n or (outs[0].dtype or "int").startswith(("int", "uint")):
            return [ANY]
        return [_rounded_sum(ranges[0], n, outs[0].dtype, scale=1.0 / n)]


@operator("ReduceProd")
class ReduceProd(Reduction):
    """The product: ``n - 1`` multiplications.

    https://onnx.ai/onnx/operators/onnx__ReduceProd.html
    """

    each = "mults"
    combine = staticmethod(product)


class NotNegative(Reduction):
    """A reduction that cannot be negative."""

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [ANY if (outs[0].dtype or "int").startswith("int") else Interval(0.0)]


@operator("ReduceSumSquare")
class ReduceSumSquare(NotNegative):
    """The sum of squares: n multiplications and ``n - 1`` additions.

    https://onnx.ai/onnx/operators/onnx__ReduceSumSquare.html
    """

    before = "mults"


@operator("ReduceL1")
class ReduceL1(NotNegative):
    """The sum of magnitudes: n sign changes and ``n - 1`` additions.

    https://onnx.ai/onnx/operators/onnx__ReduceL1.html
    """

    before = "other"


@operator("ReduceL2")
class ReduceL2(NotNegative):
    """The root of the sum of squares.

    https://onnx.ai/onnx/operators/onnx__ReduceL2.html
    """

    before = "mults"
    after = "other"


@operator("ReduceLogSum")
class ReduceLogSum(Reduction):
    """The logarithm of the sum.

    https://onnx.ai/onnx/operators/onnx__ReduceLogSum.html
    """

    after = "other"


@operator("ReduceLogSumExp")
class ReduceLogSumExp(Reduction):
    """The logarithm of the sum of exponentials.

    https://onnx.ai/onnx/operators/onnx__ReduceLogSumExp.html
    """

    before = "other"
    after = "other"


@operator("ArgMax")
class ArgMax(Operator):
    """Where along ``axis`` the largest element is: ``n - 1`` comparisons.

    https://onnx.ai/onnx/operators/onnx__ArgMax.html
    """

    axis = attribute.integer(0)
    keepdims = attribute.integer(1)

    def outputs(self, x: Fact) -> list[Fact]:
        if x.shape is None:
            return [Fact("int64")]
        axis = axis_in(self.node, self.axis, len(x.shape))
        middle = (1,) if self.keepdims else ()
        return [Fact("int64", (*x.shape[:axis], *middle, *x.shape[axis + 1 :]))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """``inputs - outputs`` comparisons."""
        x = ins[0]
        n, m = None if x is None else x.numel, outs[0].numel
        return None if n is None or m is None else Cost(other=n - m)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        x = ins[0]
        size = x.shape[self.axis] if x is not None and x.shape else None
        return [Interval(0.0, float(size - 1)) if isinstance(size, int) else Interval(0.0)]


@operator("ArgMin")
class ArgMin(ArgMax):
    """Where along ``axis`` the smallest element is: ``n - 1`` comparisons.

    https://onnx.ai/onnx/operators/onnx__ArgMin.html
    """


@operator("CumSum", since=11)
class CumSum(Operator):
    """Running sums along an axis: n additions less one for each row.

    https://onnx.ai/onnx/operators/onnx__CumSum.html
    """

    exclusive = attribute.integer(0)
    reverse = attribute.integer(0)
    field: ClassVar[str] = "adds"

    def outputs(self, x: Fact, axis: Fact) -> list[Fact]:
        at = axis.scalar()
        if x.shape is not None and isinstance(at, int) and x.shape:
            axis_in(self.node, at, len(x.shape))
        values = known_values(x) if x.content is not None else None
        if values is None or x.shape is None or len(x.shape) != 1 or followed(x.shape, x.dtype) is None:
            return [x.of(x.shape)]
        if None in values or any(isinstance(v, float) for v in values):
            return [x.of(x.shape)]
        row = list(values)[::-1] if self.reverse else list(values)
        total: Any = 0 if self.field == "adds" else 1
        made: list[Any] = []
        for v in row:
            after = total + v if self.field == "adds" else total * v
            made.append(total if self.exclusive else after)
            total = after
        content = made[::-1] if self.reverse else made
        return [Fact(x.dtype, x.shape, tuple(fit(v, x.dtype) for v in content))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """``n - 1`` operations for each row of n elements."""
        n, axis, x = outs[0].numel, ins[1].scalar() if ins[1] is not None else None, ins[0]
        if n is None or x is None or x.shape is None:
            return None
        if not x.shape:
            return FREE
        if not isinstance(axis, int):
            return None
        rows = product(d for i, d in enumerate(x.shape) if i != axis % len(x.shape))
        return Cost(**{self.field: n - rows})


@operator("CumProd", since=26)
class CumProd(CumSum):
    """Running products along an axis: n multiplications less one for each row.

    https://onnx.ai/onnx/operators/onnx__CumProd.html
    """

    field = "mults"
