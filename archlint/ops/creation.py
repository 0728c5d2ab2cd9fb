"""Tensors made of a few numbers: constants, fills, ranges, one-hot rows, identity matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from archlint.errors import ShapeError
from archlint.model import Fact, Weight, unknown_dims
from archlint.ops import attribute
from archlint.ops.broadcasting import axis_in
from archlint.ops.casting import element_type
from archlint.ops.content import fit, followed, known_values
from archlint.ops.cost import FREE, Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.movement import Movement
from archlint.ops.operator import operator
from archlint.ops.ranges import collapsed
from archlint.symbolic import Dim, Expr, at_least, ceildiv, divide_exact, fresh, maximum

if TYPE_CHECKING:
    from collections.abc import Sequence

_LITERALS = {
    "value_float": "float32",
    "value_floats": "float32",
    "value_int": "int64",
    "value_ints": "int64",
    "value_string": "string",
    "value_strings": "string",
}


@operator("Constant")
class Constant(Movement):
    """The tensor that an attribute holds.

    https://onnx.ai/onnx/operators/onnx__Constant.html
    """

    def outputs(self) -> list[Fact]:
        value = self.attrs.get("value", self.attrs.get("sparse_value"))
        if isinstance(value, Weight):
            return [Fact(value.dtype, value.shape, weight=value, constant=True)]
        for name, dtype in _LITERALS.items():
            literal = self.attrs.get(name)
            if literal is not None:
                many = isinstance(literal, (tuple, list))
                shape: tuple[Dim, ...] = (len(literal),) if many else ()
                values = tuple(literal) if many else (literal,)
                kept = None if dtype == "string" or followed(shape, dtype) is None else values
                return [Fact(dtype, shape, kept and tuple(fit(v, dtype) for v in kept), constant=True)]
        return [Fact(constant=True)]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        values = [v for v in outs[0].values or () if isinstance(v, (int, float)) and v == v]  # noqa: PLR0124
        return [Interval(float(min(values)), float(max(values))) if values else ANY]


@operator("ConstantOfShape", since=9)
class ConstantOfShape(Movement):
    """A tensor of the shape given, filled with one value (0 unless said).

    https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html
    """

    value = attribute.tensor()

    def outputs(self, shape: Fact) -> list[Fact]:
        dtype = "float32" if self.value is None else self.value.dtype
        sizes = known_values(shape)
        if sizes is None:
            n = shape.shape[0] if shape.shape else None
            return [Fact(dtype, unknown_dims(n) if isinstance(n, int) and n <= 64 else None)]
        if any(isinstance(v, int) and v < 0 for v in sizes):
            message = f"an axis cannot have size {min(v for v in sizes if isinstance(v, int))}"
            raise ShapeError("attribute-invalid", message, subject=f"input {self.node.inputs[0]}")
        dims = tuple(fresh() if v is None or isinstance(v, float) else v for v in sizes)
        count = followed(dims, dtype)
        if count is None:
            return [Fact(dtype, dims)]
        fill = self.fill()
        return [Fact(dtype, dims, None if fill is None else (fit(fill, dtype),) * count)]

    def fill(self) -> Any:
        """The value that every element has; None when it cannot be read."""
        if self.value is None:
            return 0.0
        values = self.value.small_values()
        return values[0] if values else None

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        fill = self.fill()
        return [ANY if fill is None else Interval(float(fill), float(fill))]


@operator("Range", since=11)
class Range(Movement):
    """start, start + delta, ... up to, not including, limit.

    https://onnx.ai/onnx/operators/onnx__Range.html
    """

    def outputs(self, start: Fact, limit: Fact, delta: Fact) -> list[Fact]:
        dtype = next((f.dtype for f in (start, limit, delta) if f.dtype is not None), None)
        first: Any = start.scalar()
        last: Any = limit.scalar()
        step: Any = delta.scalar()
        if first is None or last is None or step is None:
            return [Fact(dtype, (fresh(),))]
        if step == 0:
            raise ShapeError(
                "attribute-invalid", "Range's delta is 0", subject=f"input {self.node.inputs[2]}"
            )
        count = _steps(first, last, step, dtype)
        if not isinstance(count, int) or followed((count,), dtype) is None or isinstance(step, Expr):
            return [Fact(dtype, (count,))]
        whole = dtype is not None and dtype.startswith(("int", "uint"))
        content = (
            tuple(fit(first + i * step, dtype) for i in range(count))
            if whole or isinstance(first, Expr)
            else None
        )
        return [Fact(dtype, (count,), content)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Nothing: indices are no arithmetic of the model."""
        return FREE

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        start, limit = ranges[0], ranges[1]
        ends = collapsed([start, limit])
        return [Interval(ends.lo, ends.hi, ends.source)]


def _steps(first: Any, last: Any, step: Any, dtype: str | None) -> Dim:
    """``max(ceil((last - first) / step), 0)``."""
    if not any(isinstance(v, Expr) for v in (first, last, step)):
        span = fit(last - first, dtype)
        if span is None:
            return fresh()
        if isinstance(span, float) or isinstance(step, float):
            # where the steps nearly meet the limit, runtimes differ in what they round before dividing
            spans = (float(span), float(last) - float(first))  # type: ignore[arg-type]
            ratios = [s / float(step) for s in spans] + [fit(spans[0] / float(step), dtype)]
            if not all(isinstance(r, float) and math.isfinite(r) for r in ratios):
                return fresh()
            counts = {max(math.ceil(r), 0) for r in ratios}  # type: ignore[arg-type]
            return counts.pop() if len(counts) == 1 else fresh()
        return max(-(-int(span) // int(step)), 0)  # type: ignore[arg-type]
    if any(isinstance(v, float) and not v.is_integer() for v in (first, last, step)):
        return fresh()
    first, last, step = (int(v) if isinstance(v, float) else v for v in (first, last, step))
    span = last - first
    if isinstance(step, Expr):
        exact = divide_exact(span, step)
        if exact is None or at_least(exact, 0) is not True:
            return fresh()
        return exact
    count = ceildiv(span, step) if step > 0 else ceildiv(-span, -step)
    return maximum(count, 0)


@operator("OneHot", since=9)
class OneHot(Movement):
    """A row of ``depth`` values for each index: the on value at its place, the off value elsewhere.

    https://onnx.ai/onnx/operators/onnx__OneHot.html
    """

    axis = attribute.integer(-1)

    def outputs(self, indices: Fact, depth: Fact, values: Fact) -> list[Fact]:
        if indices.shape is None:
            return [values.of(None)]
        size = depth.scalar()
        if isinstance(size, float):
            size = int(size)
        dim: Dim = fresh() if size is None else size
        axis = axis_in(self.node, self.axis, len(indices.shape) + 1)
        shape = (*indices.shape[:axis], dim, *indices.shape[axis:])
        return [values.of(shape)]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [collapsed(ranges[2:3])]


@operator("EyeLike", since=9)
class EyeLike(Movement):
    """Ones on a diagonal of a matrix of the shape of x, zeros elsewhere.

    https://onnx.ai/onnx/operators/onnx__EyeLike.html
    """

    dtype = attribute.optional_integer()

    def outputs(self, x: Fact) -> list[Fact]:
        dtype = x.dtype if self.dtype is None else element_type(self.dtype, "dtype")
        return [Fact(dtype, unknown_dims(2) if x.shape is None else x.shape)]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0, 1.0)]
