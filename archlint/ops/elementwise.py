"""Element-wise operators: one result for each element of the broadcast inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from archlint.errors import ShapeError
from archlint.model import Fact
from archlint.ops import attribute
from archlint.ops.broadcasting import broadcast_shapes, same_shape
from archlint.ops.content import elementwise
from archlint.ops.cost import FREE, Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import Operator
from archlint.ops.ranges import settled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archlint.model import Shape


class Elementwise(Operator):
    """Common ground: how contents are computed, what one element costs, where values can lie.

    ``compute`` works on numbers and sizes and returns None for what cannot be known exactly;
    ``charge`` is the `Cost` field that each element adds one to; ``result`` is the element type
    when it is not that of the inputs.
    """

    compute: ClassVar[Callable[..., Any] | None] = None
    charge: ClassVar[str | None] = "other"
    result: ClassVar[str | None] = None
    partial: ClassVar[bool] = False
    ulps: ClassVar[float] = 0.5

    def made(self, facts: Sequence[Fact], shape: Shape | None, dtype: str | None) -> list[Fact]:
        """The output fact for inputs that broadcast to ``shape``."""
        function = type(self).compute
        content = None
        if function is not None:
            content = elementwise(function, facts, shape, dtype, partial=self.partial)
        return [Fact(dtype, shape, content)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One operation for each output element."""
        n = outs[0].numel
        if n is None:
            return None
        return FREE if self.charge is None else Cost(**{self.charge: n})

    def ends(self, *ranges: Interval) -> tuple[Any, Any]:
        """Least and greatest result for inputs in ``ranges``; array ends broadcast."""
        return ANY.lo, ANY.hi

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        import numpy as np

        ranges = [r for r, fact in zip(ranges, ins, strict=True) if fact is not None]
        with np.errstate(all="ignore"):
            lo, hi = self.ends(*ranges)
        return [settled(lo, hi, outs[0].dtype, ranges, ulps=self.ulps)]


class Unary(Elementwise):
    """A function of one element; same shape out."""

    def outputs(self, x: Fact) -> list[Fact]:
        dtype = self.result or x.dtype
        if type(self).compute is None or (x.content is None and x.weight is None):
            return [Fact(dtype, x.shape)]
        return self.made([x], x.shape, dtype)


class Binary(Elementwise):
    """A function of two elements; the inputs broadcast.

    Before opset 7 the second input had to have the shape of the first, or with ``broadcast`` one
    that fits it from ``axis`` on.
    """

    axis = attribute.optional_integer()
    legacy: ClassVar[int] = 7

    def outputs(self, a: Fact, b: Fact) -> list[Fact]:
        dtype = self.result or (a.dtype if a.dtype is not None else b.dtype)
        if self.opset < self.legacy:
            return self._legacy(a, b, dtype)
        shape = broadcast_shapes(self.node, (a, b))
        if a.content is None and a.weight is None and not self.partial:
            return [Fact(dtype, shape)]
        return self.made((a, b), shape, dtype)

    def _legacy(self, a: Fact, b: Fact, dtype: str | None) -> list[Fact]:
        if not self.attrs.get("broadcast"):
            dims = same_shape(self.node, (a, b))
            return self.made((a, b), None if dims is None else tuple(dims), dtype)
        if a.shape is not None and b.shape is not None:
            self._fits(a.shape, b.shape)
        return [Fact(dtype, a.shape)]

    def _fits(self, a: Shape, b: Shape) -> None:
        axis = self.axis
        start = len(a) - len(b) if axis is None else axis + len(a) if axis < 0 else axis
        while b and b[-1] == 1 and start + len(b) > len(a):
            b = b[:-1]
        if start < 0 or start + len(b) > len(a):
            message = f"{self.node.op_type} cannot broadcast {len(b)} axes from axis {start} of {len(a)}"
            raise ShapeError("shape-mismatch", message, subject="attribute axis")
        for i, dim in enumerate(b, start):
            if isinstance(dim, int) and isinstance(a[i], int) and dim not in (1, a[i]):
                message = f"{self.node.op_type} cannot broadcast {dim} to {a[i]} on axis {i}"
                raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[1]}")

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        if self.opset < self.legacy:
            ranges = [Interval(r.least(), r.greatest(), r.source) for r in ranges]
        return super().bounds(ranges, ins, outs)


class Variadic(Elementwise):
    """A function of any number of elements; the inputs broadcast (from opset 8 on)."""

    def outputs(self, *inputs: Fact) -> list[Fact]:
        if not inputs:
            raise ShapeError("input-count", f"{self.node.op_type} needs at least one input, gets none")
        dtype = next((f.dtype for f in inputs if f.dtype is not None), None)
        if self.opset < 8:
            dims = same_shape(self.node, inputs)
            return self.made(inputs, None if dims is None else tuple(dims), dtype)
        return self.made(inputs, broadcast_shapes(self.node, inputs), dtype)


def products(a: Interval, b: Interval) -> tuple[Any, Any]:
    """Ends of ``x * y``; 0 times an open end is 0."""
    import numpy as np

    def times(x: Any, y: Any) -> Any:
        return np.where((np.asarray(x) == 0) | (np.asarray(y) == 0), 0.0, np.multiply(x, y))

    ends = [times(x, y) for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
    return (
        np.minimum(np.minimum(ends[0], ends[1]), np.minimum(ends[2], ends[3])),
        np.maximum(np.maximum(ends[0], ends[1]), np.maximum(ends[2], ends[3])),
    )


def quotients(a: Interval, b: Interval) -> tuple[Any, Any]:
    """Ends of ``x / y``; open where the divisor can be 0."""
    import numpy as np

    safe = np.greater(b.lo, 0) | np.less(b.hi, 0)
    low, high = np.where(safe, b.lo, 1.0), np.where(safe, b.hi, 1.0)
    ends = [np.divide(x, y) for x in (a.lo, a.hi) for y in (low, high)]
    lo = np.minimum(np.minimum(ends[0], ends[1]), np.minimum(ends[2], ends[3]))
    hi = np.maximum(np.maximum(ends[0], ends[1]), np.maximum(ends[2], ends[3]))
    return np.where(safe, lo, -np.inf), np.where(safe, hi, np.inf)
