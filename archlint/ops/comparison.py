"""Comparison, logic and bits: questions about elements, three-valued while sizes are symbols."""

from __future__ import annotations

import math
import operator as python
from typing import TYPE_CHECKING, Any, ClassVar

from archlint.model import Fact
from archlint.ops import attribute
from archlint.ops.broadcasting import broadcast_shapes
from archlint.ops.content import elementwise
from archlint.ops.elementwise import Binary, Elementwise, Unary
from archlint.ops.operator import operator
from archlint.symbolic import Expr, at_least, compare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archlint.ops.interval import Interval


class Predicate(Binary):
    """A question about two elements: true or false."""

    result = "bool"
    ulps = 0

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        return 0.0, 1.0


class Comparison(Predicate):
    """An order or equality of two elements, decided where it holds for every size."""

    relation: ClassVar[Any]

    def made(self, facts: Sequence[Fact], shape: Any, dtype: str | None) -> list[Fact]:
        return [Fact(dtype, shape, elementwise(type(self).relation, facts, shape, dtype))]


def _equal(a: Any, b: Any) -> Any:
    if isinstance(a, Expr) or isinstance(b, Expr):
        if a == b:
            return True
        order = compare(a, b)
        return None if order is None else order == 0
    return a == b


def _less(a: Any, b: Any) -> Any:
    if isinstance(a, Expr) or isinstance(b, Expr):
        return _not(at_least(a, b))
    return a < b


def _at_least(a: Any, b: Any) -> Any:
    return at_least(a, b) if isinstance(a, Expr) or isinstance(b, Expr) else a >= b


def _not(a: Any) -> Any:
    return None if a is None else not a


@operator("Equal")
class Equal(Comparison):
    """a == b.

    https://onnx.ai/onnx/operators/onnx__Equal.html
    """

    relation = staticmethod(_equal)


@operator("Less")
class Less(Comparison):
    """a < b.

    https://onnx.ai/onnx/operators/onnx__Less.html
    """

    relation = staticmethod(_less)


@operator("Greater")
class Greater(Comparison):
    """a > b.

    https://onnx.ai/onnx/operators/onnx__Greater.html
    """

    relation = staticmethod(lambda a, b: _less(b, a))


@operator("LessOrEqual", since=12)
class LessOrEqual(Comparison):
    """a <= b.

    https://onnx.ai/onnx/operators/onnx__LessOrEqual.html
    """

    relation = staticmethod(lambda a, b: _at_least(b, a))


@operator("GreaterOrEqual", since=12)
class GreaterOrEqual(Comparison):
    """a >= b.

    https://onnx.ai/onnx/operators/onnx__GreaterOrEqual.html
    """

    relation = staticmethod(_at_least)


@operator("And")
class And(Predicate):
    """a and b.

    https://onnx.ai/onnx/operators/onnx__And.html
    """

    partial = True

    @staticmethod
    def compute(a: Any, b: Any) -> Any:
        if a is False or b is False:
            return False
        return None if a is None or b is None else True


@operator("Or")
class Or(Predicate):
    """a or b.

    https://onnx.ai/onnx/operators/onnx__Or.html
    """

    partial = True

    @staticmethod
    def compute(a: Any, b: Any) -> Any:
        if a is True or b is True:
            return True
        return None if a is None or b is None else False


@operator("Xor")
class Xor(Predicate):
    """Exactly one of a and b.

    https://onnx.ai/onnx/operators/onnx__Xor.html
    """

    compute = staticmethod(python.ne)


@operator("Not")
class Not(Unary):
    """true where x is false.

    https://onnx.ai/onnx/operators/onnx__Not.html
    """

    result = "bool"
    compute = staticmethod(python.not_)
    ulps = 0

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        return 0.0, 1.0


class Bitwise(Binary):
    """An operation on the bits of two integers."""

    @staticmethod
    def numbers(function: Callable[[int, int], int]) -> Callable[[Any, Any], Any]:
        """``function`` of two numbers; sizes have no known bits."""
        return lambda a, b: None if isinstance(a, Expr) or isinstance(b, Expr) else function(a, b)


@operator("BitwiseAnd", since=18)
class BitwiseAnd(Bitwise):
    """Bits set in both a and b.

    https://onnx.ai/onnx/operators/onnx__BitwiseAnd.html
    """

    compute = staticmethod(Bitwise.numbers(python.and_))


@operator("BitwiseOr", since=18)
class BitwiseOr(Bitwise):
    """Bits set in a or b.

    https://onnx.ai/onnx/operators/onnx__BitwiseOr.html
    """

    compute = staticmethod(Bitwise.numbers(python.or_))


@operator("BitwiseXor", since=18)
class BitwiseXor(Bitwise):
    """Bits set in exactly one of a and b.

    https://onnx.ai/onnx/operators/onnx__BitwiseXor.html
    """

    compute = staticmethod(Bitwise.numbers(python.xor))


@operator("BitwiseNot", since=18)
class BitwiseNot(Unary):
    """Every bit inverted.

    https://onnx.ai/onnx/operators/onnx__BitwiseNot.html
    """

    compute = staticmethod(lambda a: -a - 1)


@operator("BitShift", since=11)
class BitShift(Binary):
    """The bits of a, moved by b places to the left or right; bits that leave are lost.

    https://onnx.ai/onnx/operators/onnx__BitShift.html
    """

    direction = attribute.choice("LEFT", "RIGHT")

    def made(self, facts: Sequence[Fact], shape: Any, dtype: str | None) -> list[Fact]:
        left = self.direction == "LEFT"

        def shift(a: Any, b: Any) -> Any:
            if isinstance(a, Expr) or isinstance(b, Expr) or not 0 <= b < 64:
                return None
            return a << b if left else a >> b

        return [Fact(dtype, shape, elementwise(shift, facts, shape, dtype))]


@operator("IsNaN", since=9)
class IsNaN(Unary):
    """true where x is not a number.

    https://onnx.ai/onnx/operators/onnx__IsNaN.html
    """

    result = "bool"
    ulps = 0
    compute = staticmethod(lambda a: not isinstance(a, Expr) and math.isnan(a))

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        return 0.0, 1.0


@operator("IsInf", since=10)
class IsInf(Unary):
    """true where x is infinite; a sign can be left out.

    https://onnx.ai/onnx/operators/onnx__IsInf.html
    """

    result = "bool"
    ulps = 0

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        return 0.0, 1.0


@operator("Where", since=9)
class Where(Elementwise):
    """x where the condition holds, y elsewhere; all three broadcast.

    https://onnx.ai/onnx/operators/onnx__Where.html
    """

    def outputs(self, condition: Fact, x: Fact, y: Fact) -> list[Fact]:
        shape = broadcast_shapes(self.node, (condition, x, y))
        dtype = x.dtype if x.dtype is not None else y.dtype
        content = None
        if any(f.content is not None or f.weight is not None for f in (x, y)):
            content = elementwise(_chosen, (condition, x, y), shape, dtype, partial=True)
        return [Fact(dtype, shape, content)]

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        import numpy as np

        c, x, y = ranges
        lo, hi = np.minimum(x.lo, y.lo), np.maximum(x.hi, y.hi)
        always, never = np.equal(c.lo, 1) & np.equal(c.hi, 1), np.equal(c.lo, 0) & np.equal(c.hi, 0)
        return (
            np.where(always, x.lo, np.where(never, y.lo, lo)),
            np.where(always, x.hi, np.where(never, y.hi, hi)),
        )

    ulps = 0


def _chosen(condition: Any, x: Any, y: Any) -> Any:
    if condition is None:
        same = x is not None and y is not None and type(x) is type(y) and x == y
        return x if same else None
    return x if condition else y
