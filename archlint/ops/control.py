"""Control flow: operators that hold graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import Undetermined
from archlint.model import UNKNOWN, Fact
from archlint.ops import attribute
from archlint.ops.operator import Operator, operator
from archlint.symbolic import fresh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.ops.cost import Cost


def merge(a: Fact, b: Fact) -> Fact:
    """What holds of a tensor that is either ``a`` or ``b``."""
    if a is b:
        return a
    if a.kind != b.kind:
        return UNKNOWN
    dtype = a.dtype if a.dtype == b.dtype else None
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return Fact(dtype, kind=a.kind)
    shape = tuple(p if p == q else fresh() for p, q in zip(a.shape, b.shape, strict=True))
    content = a.content if a.content == b.content else None
    return Fact(dtype, shape, content, kind=a.kind)


@operator("If")
class If(Operator):
    """The outputs of one of two branches; what both agree on is known.

    https://onnx.ai/onnx/operators/onnx__If.html
    """

    then_branch = attribute.body()
    else_branch = attribute.body()

    def outputs(self, condition: Fact) -> list[Fact]:
        then, other = self.then_branch, self.else_branch
        if self.walker is None or then is None or other is None:
            raise Undetermined("a branch is missing")
        a, b = self.walker.run_body(then, []), self.walker.run_body(other, [])
        decided = condition.scalar()
        if isinstance(decided, (bool, int)):
            return a if decided else b
        return [merge(p, q) for p, q in zip(a, b, strict=False)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """The larger branch, field by field."""
        then, other = (self.body_costs.get(k) for k in ("then_branch", "else_branch"))
        return None if then is None or other is None else then.larger(other)
