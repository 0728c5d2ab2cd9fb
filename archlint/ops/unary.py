"""Unary mathematics: signs, rounding, powers, logarithms, trigonometry."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from archlint.errors import ShapeError
from archlint.model import Fact
from archlint.ops import attribute
from archlint.ops.content import elementwise, known_values
from archlint.ops.cost import Cost
from archlint.ops.elementwise import Elementwise, Unary
from archlint.ops.operator import operator
from archlint.symbolic import Expr, at_least, maximum, minimum

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from archlint.ops.interval import Interval


class Monotone(Unary):
    """A rising function of one element: its bounds are its values at the ends.

    ``domain`` is where it is defined; ``image`` is what it can give at all.
    """

    domain: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    image: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    ulps = 8

    def apply(self, x: Any) -> Any:
        """The function, on arrays."""
        raise NotImplementedError

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        import numpy as np

        (x,) = ranges
        low, high = np.clip(x.lo, *self.domain), np.clip(x.hi, *self.domain)
        return np.clip(self.apply(low), *self.image), np.clip(self.apply(high), *self.image)


@operator("Abs")
class Abs(Unary):
    """|x|.

    https://onnx.ai/onnx/operators/onnx__Abs.html
    """

    ulps = 0

    @staticmethod
    def compute(x: Any) -> Any:
        if isinstance(x, Expr):
            return x if at_least(x, 0) is True else -x if at_least(-x, 0) is True else None
        return abs(x)

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        import numpy as np

        (x,) = ranges
        low, high = np.abs(x.lo), np.abs(x.hi)
        crosses = np.less_equal(x.lo, 0) & np.greater_equal(x.hi, 0)
        return np.where(crosses, 0.0, np.minimum(low, high)), np.maximum(low, high)


@operator("Neg")
class Neg(Unary):
    """-x.

    https://onnx.ai/onnx/operators/onnx__Neg.html
    """

    charge = "adds"
    ulps = 0
    compute = staticmethod(lambda x: -x)

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        import numpy as np

        (x,) = ranges
        return np.negative(x.hi), np.negative(x.lo)


@operator("Sign", since=9)
class Sign(Monotone):
    """-1, 0 or 1: which side of zero x is on.

    https://onnx.ai/onnx/operators/onnx__Sign.html
    """

    ulps = 0

    @staticmethod
    def compute(x: Any) -> Any:
        if isinstance(x, Expr):
            return 1 if at_least(x, 1) is True else -1 if at_least(-x, 1) is True else None
        return (x > 0) - (x < 0)

    def apply(self, x: Any) -> Any:
        import numpy as np

        return np.sign(x)


class Rounding(Monotone):
    """A whole number near x; a size is whole already."""

    ulps = 0
    rounded: ClassVar[Any]

    def outputs(self, x: Fact) -> list[Fact]:
        function = type(self).rounded

        def compute(value: Any) -> Any:
            return value if isinstance(value, Expr) or not math.isfinite(value) else float(function(value))

        return [Fact(x.dtype, x.shape, elementwise(compute, [x], x.shape, x.dtype))]


@operator("Floor")
class Floor(Rounding):
    """The greatest whole number that is not above x.

    https://onnx.ai/onnx/operators/onnx__Floor.html
    """

    rounded = staticmethod(math.floor)

    def apply(self, x: Any) -> Any:
        import numpy as np

        return np.floor(x)


@operator("Ceil")
class Ceil(Rounding):
    """The least whole number that is not below x.

    https://onnx.ai/onnx/operators/onnx__Ceil.html
    """

    rounded = staticmethod(math.ceil)

    def apply(self, x: Any) -> Any:
        import numpy as np

        return np.ceil(x)


@operator("Round", since=11)
class Round(Rounding):
    """The nearest whole number, halves to the even one.

    https://onnx.ai/onnx/operators/onnx__Round.html
    """

    rounded = staticmethod(round)

    def apply(self, x: Any) -> Any:
        import numpy as np

        return np.rint(x)


@operator("Sqrt")
class Sqrt(Monotone):
    """The square root.

    https://onnx.ai/onnx/operators/onnx__Sqrt.html
    """

    domain = (0.0, math.inf)
    ulps = 1

    @staticmethod
    def compute(x: Any) -> Any:
        return None if isinstance(x, Expr) else math.sqrt(x)

    def apply(self, x: Any) -> Any:
        import numpy as np

        return np.sqrt(x)


@operator("Reciprocal")
class Reciprocal(Unary):
    """1 / x.

    https://onnx.ai/onnx/operators/onnx__Reciprocal.html
    """

    ulps = 1

    @staticmethod
    def compute(x: Any) -> Any:
        return None if isinstance(x, Expr) else 1 / x

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        from archlint.ops.elementwise import quotients
        from archlint.ops.interval import Interval as Range

        return quotients(Range(1.0, 1.0), ranges[0])


def _table(x: str) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    import numpy as np

    function: Callable[[NDArray[np.float64]], NDArray[np.float64]] = getattr(np, x)
    return function


class Transcendental(Monotone):
    """A rising function that numpy knows by ``name``."""

    name: ClassVar[str]

    def apply(self, x: Any) -> Any:
        return _table(self.name)(x)


@operator("Exp")
class Exp(Transcendental):
    """e to the power of x.

    https://onnx.ai/onnx/operators/onnx__Exp.html
    """

    name = "exp"
    image = (0.0, math.inf)


@operator("Log")
class Log(Transcendental):
    """The natural logarithm.

    https://onnx.ai/onnx/operators/onnx__Log.html
    """

    name = "log"
    domain = (0.0, math.inf)


@operator("Tan", since=7)
class Tan(Unary):
    """The tangent.

    https://onnx.ai/onnx/operators/onnx__Tan.html
    """


class Wave(Unary):
    """A function that swings between -1 and 1."""

    ulps = 2

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        return -1.0, 1.0


@operator("Sin", since=7)
class Sin(Wave):
    """The sine.

    https://onnx.ai/onnx/operators/onnx__Sin.html
    """


@operator("Cos", since=7)
class Cos(Wave):
    """The cosine.

    https://onnx.ai/onnx/operators/onnx__Cos.html
    """


@operator("Asin", since=7)
class Asin(Transcendental):
    """The angle whose sine is x.

    https://onnx.ai/onnx/operators/onnx__Asin.html
    """

    name = "arcsin"
    domain = (-1.0, 1.0)


@operator("Acos", since=7)
class Acos(Unary):
    """The angle whose cosine is x.

    https://onnx.ai/onnx/operators/onnx__Acos.html
    """

    ulps = 8

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        import numpy as np

        (x,) = ranges
        return np.arccos(np.clip(x.hi, -1, 1)), np.arccos(np.clip(x.lo, -1, 1))


@operator("Atan", since=7)
class Atan(Transcendental):
    """The angle whose tangent is x.

    https://onnx.ai/onnx/operators/onnx__Atan.html
    """

    name = "arctan"


@operator("Sinh", since=9)
class Sinh(Transcendental):
    """The hyperbolic sine.

    https://onnx.ai/onnx/operators/onnx__Sinh.html
    """

    name = "sinh"


@operator("Cosh", since=9)
class Cosh(Unary):
    """The hyperbolic cosine: at least 1.

    https://onnx.ai/onnx/operators/onnx__Cosh.html
    """

    ulps = 8

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        import numpy as np

        (x,) = ranges
        crosses = np.less_equal(x.lo, 0) & np.greater_equal(x.hi, 0)
        low, high = np.cosh(x.lo), np.cosh(x.hi)
        return np.where(crosses, 1.0, np.minimum(low, high)), np.maximum(low, high)


@operator("Asinh", since=9)
class Asinh(Transcendental):
    """The number whose hyperbolic sine is x.

    https://onnx.ai/onnx/operators/onnx__Asinh.html
    """

    name = "arcsinh"


@operator("Acosh", since=9)
class Acosh(Transcendental):
    """The number of at least 0 whose hyperbolic cosine is x.

    https://onnx.ai/onnx/operators/onnx__Acosh.html
    """

    name = "arccosh"
    domain = (1.0, math.inf)


@operator("Atanh", since=9)
class Atanh(Transcendental):
    """The number whose hyperbolic tangent is x.

    https://onnx.ai/onnx/operators/onnx__Atanh.html
    """

    name = "arctanh"
    domain = (-1.0, 1.0)


@operator("Erf", since=9)
class Erf(Monotone):
    """The error function, between -1 and 1.

    https://onnx.ai/onnx/operators/onnx__Erf.html
    """

    image = (-1.0, 1.0)

    def apply(self, x: Any) -> Any:
        import numpy as np

        return np.vectorize(math.erf, otypes=[float])(x)


@operator("Clip", since=11)
class Clip(Elementwise):
    """x, but no less than min and no more than max: two comparisons.

    https://onnx.ai/onnx/operators/onnx__Clip.html
    """

    ulps = 0

    def outputs(self, x: Fact, low: Fact | None = None, high: Fact | None = None) -> list[Fact]:
        for limit, slot in ((low, 1), (high, 2)):
            if limit is not None and limit.shape is not None:
                sizes = [d for d in limit.shape if isinstance(d, int)]
                if any(d != 1 for d in sizes):
                    name = self.node.inputs[slot]
                    message = f"Clip's {('min', 'max')[slot - 1]} must be a scalar, '{name}' is {limit}"
                    raise ShapeError("shape-mismatch", message, subject=f"input {name}")
        if x.content is None and x.weight is None:
            return [Fact(x.dtype, x.shape)]
        ends = []
        for limit in (low, high):
            values = known_values(limit)
            if limit is not None and (values is None or len(values) != 1 or values[0] is None):
                return [Fact(x.dtype, x.shape)]
            ends.append(None if values is None else values[0])
        return [Fact(x.dtype, x.shape, elementwise(_clipper(*ends), [x], x.shape, x.dtype))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Two comparisons for each element, one where a limit is left out."""
        n = outs[0].numel
        return None if n is None else Cost(other=n * sum(f is not None for f in ins[1:]))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        given = [i < len(ins) and ins[i] is not None for i in (1, 2)]
        low = ranges[1] if given[0] else None
        high = ranges[2] if given[1] else None
        lowest = (low.least(), low.greatest()) if low is not None else (-math.inf, -math.inf)
        highest = (high.least(), high.greatest()) if high is not None else (math.inf, math.inf)
        return [_clipped(ranges[0], lowest, highest)]


@operator("Clip")
class ClipByAttributes(Elementwise):
    """x, but no less than min and no more than max (before opset 11).

    https://onnx.ai/onnx/operators/onnx__Clip.html
    """

    min = attribute.number(-math.inf)
    max = attribute.number(math.inf)

    def outputs(self, x: Fact) -> list[Fact]:
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Two comparisons for each element, one where a limit is left out."""
        n = outs[0].numel
        return None if n is None else Cost(other=n * sum(k in self.attrs for k in ("min", "max")))

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [_clipped(ranges[0], (self.min, self.min), (self.max, self.max))]


def _clipper(low: Any, high: Any) -> Callable[[Any], Any]:
    def clip(x: Any) -> Any:
        if low is not None:
            x = maximum(x, low) if isinstance(x, Expr) or isinstance(low, Expr) else max(x, low)
        if high is not None:
            x = minimum(x, high) if isinstance(x, Expr) or isinstance(high, Expr) else min(x, high)
        return x

    return clip


def _clipped(x: Interval, low: tuple[float, float], high: tuple[float, float]) -> Interval:
    """min(max(x, low), high) for limits that themselves lie in intervals."""
    import numpy as np

    from archlint.ops.interval import Interval as Range

    lo: Any = np.minimum(np.maximum(x.lo, low[0]), high[0])
    hi: Any = np.minimum(np.maximum(x.hi, low[1]), high[1])
    closed = low[1] > -math.inf and high[1] < math.inf
    return Range(_end(lo), _end(hi), "graph" if closed else x.source)


def _end(value: Any) -> Any:
    return float(value) if value.ndim == 0 else value
