"""Exponentials, logarithms, trigonometry: what numpy computes as one function of x."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from archlint.ops.elementwise import Unary
from archlint.ops.operator import operator

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from archlint.ops.interval import Interval

from archlint.ops.unary import Monotone


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
