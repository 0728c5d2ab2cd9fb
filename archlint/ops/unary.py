"""Unary arithmetic: signs, rounding, roots, reciprocals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from archlint.model import Fact
from archlint.ops.content import elementwise
from archlint.ops.elementwise import Unary
from archlint.ops.operator import operator
from archlint.symbolic import Expr, at_least

if TYPE_CHECKING:
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
