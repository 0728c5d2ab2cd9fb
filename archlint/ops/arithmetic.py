"""Arithmetic of two or more tensors: sums, differences, products, quotients, powers, extremes."""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING, Any

from archlint.ops import attribute
from archlint.ops.cost import Cost
from archlint.ops.elementwise import Binary, Variadic, products, quotients
from archlint.ops.operator import operator
from archlint.symbolic import Expr, at_least, divide_exact, maximum, minimum, mod, truncdiv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Fact
    from archlint.ops.interval import Interval


@operator("Add")
class Add(Binary):
    """a + b.

    https://onnx.ai/onnx/operators/onnx__Add.html
    """

    charge = "adds"

    @staticmethod
    def compute(a: Any, b: Any) -> Any:
        return a + b

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        import numpy as np

        a, b = ranges
        return np.add(a.lo, b.lo), np.add(a.hi, b.hi)


@operator("Sub")
class Sub(Binary):
    """a - b.

    https://onnx.ai/onnx/operators/onnx__Sub.html
    """

    charge = "adds"

    @staticmethod
    def compute(a: Any, b: Any) -> Any:
        return a - b

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        import numpy as np

        a, b = ranges
        return np.subtract(a.lo, b.hi), np.subtract(a.hi, b.lo)


@operator("Mul")
class Mul(Binary):
    """a * b.

    https://onnx.ai/onnx/operators/onnx__Mul.html
    """

    charge = "mults"

    @staticmethod
    def compute(a: Any, b: Any) -> Any:
        return a * b

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        return products(*ranges)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        """A tensor times itself is a square, which is never negative."""
        (r,) = super().bounds(ranges, ins, outs)
        names = self.node.inputs
        if len(names) == 2 and names[0] == names[1]:
            import numpy as np

            from archlint.ops.interval import Interval

            if not (outs[0].dtype or "int").startswith(("int", "uint")):
                lo: Any = np.maximum(r.lo, 0.0)
                return [Interval(lo if np.ndim(lo) else float(lo), r.hi, r.source)]
        return [r]


@operator("Div")
class Div(Binary):
    """a / b; integers are divided towards zero.

    https://onnx.ai/onnx/operators/onnx__Div.html
    """

    def made(self, facts: Sequence[Fact], shape: Any, dtype: str | None) -> list[Fact]:
        from archlint.model import Fact
        from archlint.ops.content import elementwise

        real = dtype is None or "float" in dtype
        return [Fact(dtype, shape, elementwise(_divided if real else truncdiv, facts, shape, dtype))]

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        return quotients(*ranges)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        """Integer quotients are truncated, which moves them towards zero."""
        if (outs[0].dtype or "int").startswith(("int", "uint")):
            import numpy as np

            from archlint.ops.ranges import settled

            with np.errstate(all="ignore"):
                lo, hi = quotients(*ranges)
            return [settled(np.trunc(lo), np.trunc(hi), outs[0].dtype, ranges)]
        return super().bounds(ranges, ins, outs)


def _divided(a: Any, b: Any) -> Any:
    if isinstance(a, Expr) or isinstance(b, Expr):
        return divide_exact(a, b)
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


@operator("Pow")
class Pow(Binary):
    """a raised to b; the element type is that of a.

    https://onnx.ai/onnx/operators/onnx__Pow.html
    """

    def outputs(self, a: Fact, b: Fact) -> list[Fact]:
        (y,) = super().outputs(a, b)
        return [y.of(y.shape, a.dtype) if y.content is None or a.dtype is None else y]

    @staticmethod
    def compute(a: Any, b: Any) -> Any:
        if isinstance(b, Expr) or b != int(b):
            return None
        exponent = int(b)
        if exponent < 0 or exponent > 64:
            return None
        if isinstance(a, float) and exponent > 2:
            return None
        return reduce(lambda x, _: x * a, range(exponent), 1)

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        import numpy as np

        a, b = ranges
        if np.any(np.not_equal(b.lo, b.hi)):
            positive = np.all(np.greater(a.lo, 0))
            return (0.0 if positive else -np.inf), np.inf
        at = np.asarray(b.lo, dtype=np.float64)
        low, high = np.power(np.asarray(a.lo, float), at), np.power(np.asarray(a.hi, float), at)
        even, whole = np.equal(np.mod(at, 2), 0), np.equal(np.mod(at, 1), 0)
        crosses = np.less(a.lo, 0) & np.greater(a.hi, 0)
        least, most = np.minimum(low, high), np.maximum(low, high)
        least = np.where(even & crosses, 0.0, least)
        # a fractional power of a negative number is not a number, a negative power of 0 is infinite
        domain = np.where(np.less(at, 0), np.greater(a.lo, 0), whole | np.greater_equal(a.lo, 0))
        lowest = np.where(even | ~whole, 0.0, -np.inf)
        return np.where(domain, least, lowest), np.where(domain, most, np.inf)

    ulps = 8


@operator("Mod", since=10)
class Mod(Binary):
    """The remainder of a / b: with the sign of b, or with ``fmod`` the sign of a.

    https://onnx.ai/onnx/operators/onnx__Mod.html
    """

    fmod = attribute.integer(0)

    def made(self, facts: Sequence[Fact], shape: Any, dtype: str | None) -> list[Fact]:
        from archlint.model import Fact
        from archlint.ops.content import elementwise

        content = elementwise(_fmod if self.fmod else _mod, facts, shape, dtype)
        return [Fact(dtype, shape, content)]

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        import numpy as np

        a, b = ranges
        size = np.maximum(np.abs(b.lo), np.abs(b.hi))
        if self.fmod:
            return np.maximum(np.minimum(a.lo, 0), -size), np.minimum(np.maximum(a.hi, 0), size)
        return np.where(np.less(b.lo, 0), -size, 0.0), np.where(np.greater(b.hi, 0), size, 0.0)


def _mod(a: Any, b: Any) -> Any:
    if isinstance(a, Expr) or isinstance(b, Expr):
        return mod(a, b) if at_least(b, 1) is True else None
    return a % b


def _fmod(a: Any, b: Any) -> Any:
    if isinstance(a, Expr) or isinstance(b, Expr):
        return mod(a, b) if at_least(b, 1) is True and at_least(a, 0) is True else None
    if isinstance(a, int) and isinstance(b, int):
        return abs(a) % abs(b) * (-1 if a < 0 else 1)
    return math.fmod(a, b)


@operator("Max")
class Max(Variadic):
    """The largest of the inputs, element by element: one comparison per further input.

    https://onnx.ai/onnx/operators/onnx__Max.html
    """

    ulps = 0

    @staticmethod
    def compute(*values: Any) -> Any:
        return reduce(larger, values)

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """``inputs - 1`` comparisons for each output element."""
        n = outs[0].numel
        return None if n is None else Cost(other=n * (len(ins) - 1))

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        import numpy as np

        return reduce(np.maximum, [r.lo for r in ranges]), reduce(np.maximum, [r.hi for r in ranges])


@operator("Min")
class Min(Max):
    """The smallest of the inputs, element by element: one comparison per further input.

    https://onnx.ai/onnx/operators/onnx__Min.html
    """

    @staticmethod
    def compute(*values: Any) -> Any:
        return reduce(_smaller, values)

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        import numpy as np

        return reduce(np.minimum, [r.lo for r in ranges]), reduce(np.minimum, [r.hi for r in ranges])


def larger(a: Any, b: Any) -> Any:
    """The larger of two numbers or sizes; not a number when either is none."""
    if isinstance(a, Expr) or isinstance(b, Expr):
        return maximum(a, b)
    return math.nan if math.isnan(a) or math.isnan(b) else max(a, b)


def _smaller(a: Any, b: Any) -> Any:
    if isinstance(a, Expr) or isinstance(b, Expr):
        return minimum(a, b)
    return math.nan if math.isnan(a) or math.isnan(b) else min(a, b)


@operator("Sum")
class Sum(Variadic):
    """The sum of the inputs, element by element.

    https://onnx.ai/onnx/operators/onnx__Sum.html
    """

    @staticmethod
    def compute(*values: Any) -> Any:
        return sum(values) if len(values) < 3 or not any(isinstance(v, float) for v in values) else None

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """``inputs - 1`` additions for each output element."""
        n = outs[0].numel
        return None if n is None else Cost(adds=n * (len(ins) - 1))

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        import numpy as np

        return reduce(np.add, [r.lo for r in ranges]), reduce(np.add, [r.hi for r in ranges])

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        """Every addition rounds, relative to the sum of the magnitudes."""
        import numpy as np

        from archlint.ops.ranges import settled

        with np.errstate(all="ignore"):
            lo, hi = self.ends(*ranges)
            size = reduce(np.add, [np.maximum(np.abs(r.lo), np.abs(r.hi)) for r in ranges])
            slack = np.where(np.isfinite(size), size, 0.0) * (len(ranges) - 1) * _rounding(outs[0])
            return [settled(lo - slack, hi + slack, outs[0].dtype, ranges, ulps=1)]


def _rounding(fact: Fact) -> float:
    known = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
    return known.get(fact.dtype or "", 2.0**-3)


@operator("Mean")
class Mean(Sum):
    """The mean of the inputs, element by element.

    https://onnx.ai/onnx/operators/onnx__Mean.html
    """

    @staticmethod
    def compute(*values: Any) -> Any:
        return values[0] if len(values) == 1 else None

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """``inputs - 1`` additions and one division for each output element."""
        n = outs[0].numel
        return None if n is None else Cost(adds=n * (len(ins) - 1), other=n)

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        lo, hi = super().ends(*ranges)
        return lo / len(ranges), hi / len(ranges)
