"""Folding: operators computed ahead of time with NumPy, one function each, found by ONNX name."""

# ruff: noqa: ARG001 - every folding function has the same two parameters

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.errors import LoadError, Undetermined
from archlint.model import AttributeReference, Weight
from archlint.model.dtypes import ONNX_CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]
    Attributes: TypeAlias = Mapping[str, Any]
    Evaluate: TypeAlias = Callable[[Sequence["Array | None"], Attributes], Sequence[Array]]

LARGEST = 1 << 30
"""Bytes that one computed constant may take; beyond it the reason says so."""
PLAIN = frozenset(
    {"float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "bool"}
)
"""Element types that NumPy has by the same name."""


def stored(weight: Weight) -> Array:
    """The numbers of a weight; raises `Undetermined` when they cannot be read."""
    try:
        return weight.array()
    except LoadError as error:
        reason = f"the numbers of '{weight.name}' cannot be read: {error.message}"
        raise Undetermined(reason) from None


def _sized(count: int, itemsize: int = 8) -> None:
    if count * itemsize > LARGEST:
        reason = f"a constant is larger than {LARGEST >> 20} MiB"
        raise Undetermined(reason)


def _first(inputs: Sequence[Array | None]) -> Array:
    if not inputs or inputs[0] is None:
        raise Undetermined("an input is missing")
    return inputs[0]


def _given(inputs: Sequence[Array | None], index: int) -> Array | None:
    return inputs[index] if index < len(inputs) else None


def _axes(inputs: Sequence[Array | None], attrs: Attributes, index: int = 1) -> tuple[int, ...] | None:
    """Axes from the input of newer opsets or the attribute of older ones."""
    given = _given(inputs, index)
    if given is not None:
        return tuple(int(a) for a in given.reshape(-1))
    axes = attrs.get("axes")
    return None if axes is None else tuple(axes)


def _identity(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    return [_first(inputs)]


def _constant(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    for name, dtype in (
        ("value_float", "float32"),
        ("value_floats", "float32"),
        ("value_int", "int64"),
        ("value_ints", "int64"),
    ):
        value = attrs.get(name)
        if value is not None and not isinstance(value, AttributeReference):
            return [np.asarray(value, dtype=dtype)]
    value = attrs.get("value")
    if isinstance(value, Weight):
        return [stored(value)]
    raise Undetermined("a Constant without numbers")


def _constant_of_shape(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    shape = tuple(int(d) for d in _first(inputs).reshape(-1))
    value = attrs.get("value")
    fill = stored(value).reshape(-1)[:1] if isinstance(value, Weight) else np.zeros(1, np.float32)
    return [np.broadcast_to(fill.reshape((1,) * len(shape)), shape)]


def _slice(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    data = _first(inputs)
    if len(inputs) > 1:
        starts, ends, axes, steps = (
            None if a is None else [int(v) for v in a.reshape(-1)]
            for a in (_given(inputs, i) for i in range(1, 5))
        )
    else:
        starts, ends, axes = (list(attrs[k]) if k in attrs else None for k in ("starts", "ends", "axes"))
        steps = None
    if starts is None or ends is None:
        raise Undetermined("Slice without starts or ends")
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    key = [slice(None)] * data.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        size = data.shape[axis]
        low = start + size if start < 0 else start
        high = end + size if end < 0 else end
        if step > 0:
            key[axis] = slice(min(max(low, 0), size), min(max(high, 0), size), step)
        else:
            high = min(max(high, -1), size - 1)
            key[axis] = slice(min(max(low, 0), size - 1), None if high < 0 else high, step)
    return [data[tuple(key)]]


def _concat(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    parts = [a for a in inputs if a is not None]
    _sized(sum(a.size for a in parts), parts[0].itemsize)
    return [np.concatenate(parts, axis=attrs.get("axis", 1))]


def _transpose(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    return [_first(inputs).transpose(attrs.get("perm"))]


def _unsqueeze(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    axes = _axes(inputs, attrs)
    if axes is None:
        raise Undetermined("Unsqueeze without axes")
    return [np.expand_dims(_first(inputs), axes)]


def _squeeze(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    return [np.squeeze(_first(inputs), _axes(inputs, attrs))]


def _cast(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    name = ONNX_CODES.get(attrs.get("to", 0), "")
    if name == "bfloat16":
        try:
            import ml_dtypes
        except ImportError:
            raise Undetermined("a Cast to bfloat16") from None
        return [_first(inputs).astype(ml_dtypes.bfloat16)]
    if name not in PLAIN and name != "uint64":
        reason = f"a Cast to {name or 'an unknown type'}"
        raise Undetermined(reason)
    return [_first(inputs).astype(name)]


def _cast_like(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    like = _given(inputs, 1)
    if like is None:
        raise Undetermined("CastLike without a target")
    return [_first(inputs).astype(like.dtype)]


def _reshape(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    data, target = _first(inputs), _given(inputs, 1)
    shape = [int(d) for d in (attrs["shape"] if target is None else target.reshape(-1))]
    if not attrs.get("allowzero", 0):
        shape = [data.shape[i] if d == 0 else d for i, d in enumerate(shape)]
    return [data.reshape(shape)]


def _flatten(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    from math import prod

    data, axis = _first(inputs), attrs.get("axis", 1)
    axis = axis + data.ndim if axis < 0 else axis
    return [data.reshape(prod(data.shape[:axis]), -1)]


def _gather(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    data, indices = _first(inputs), _given(inputs, 1)
    if indices is None:
        raise Undetermined("Gather without indices")
    axis = attrs.get("axis", 0)
    _sized(data.size // max(data.shape[axis], 1) * indices.size)
    return [np.asarray(np.take(data, indices.astype(np.int64), axis=axis))]


def _split(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    data, axis = _first(inputs), attrs.get("axis", 0)
    given = _given(inputs, 1)
    sizes = attrs.get("split") if given is None else [int(v) for v in given.reshape(-1)]
    if sizes is None:
        count = attrs.get("num_outputs")
        if count is None:
            raise Undetermined("Split without sizes")
        part = -(-data.shape[axis] // count)
        return np.split(data, range(part, part * count, part), axis=axis)
    return np.split(data, np.cumsum(sizes)[:-1], axis=axis)


def _dequantize(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    q, scale, zero = _first(inputs), _given(inputs, 1), _given(inputs, 2)
    if scale is None or attrs.get("block_size", 0):
        raise Undetermined("a DequantizeLinear in blocks")
    shape = [1] * q.ndim
    if scale.size > 1:
        shape[attrs.get("axis", 1)] = scale.size
    wide = scale.astype(np.float32).reshape(shape if scale.size > 1 else ())
    point = np.float32(0) if zero is None else zero.astype(np.float32)
    if zero is not None:
        point = point.reshape(shape if zero.size > 1 else ())
    return [((q.astype(np.float32) - point) * wide).astype(scale.dtype)]


def _expand(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    data, target = _first(inputs), _given(inputs, 1)
    if target is None:
        raise Undetermined("Expand without a shape")
    shape = np.broadcast_shapes(data.shape, tuple(int(d) for d in target.reshape(-1)))
    return [np.broadcast_to(data, shape)]


def _tile(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    data, repeats = _first(inputs), _given(inputs, 1)
    if repeats is None:
        raise Undetermined("Tile without repeats")
    _sized(data.size * int(np.prod(repeats.astype(np.float64))))
    return [np.tile(data, tuple(int(r) for r in repeats.reshape(-1)))]


def _shape(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    found = np.asarray(_first(inputs).shape, np.int64)
    return [found[attrs.get("start", 0) : attrs.get("end", None)]]


def _size(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    return [np.asarray(_first(inputs).size, np.int64)]


def _range(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    start, limit, delta = (a.reshape(-1)[0] for a in inputs if a is not None)
    _sized(abs(int((float(limit) - float(start)) / float(delta))) + 1)
    return [np.arange(start, limit, delta, dtype=_first(inputs).dtype)]


def _divide(a: Array, b: Array) -> Array:
    """Division, toward zero for integers as ONNX has it."""
    import numpy as np

    if a.dtype.kind in "iu":
        return np.trunc(np.true_divide(a, b)).astype(a.dtype)
    return np.asarray(np.true_divide(a, b))


def _minimum(a: Array, b: Array) -> Array:
    import numpy as np

    return np.minimum(a, b)


def _maximum(a: Array, b: Array) -> Array:
    import numpy as np

    return np.maximum(a, b)


def _pairwise(function: Callable[[Any, Any], Any]) -> Evaluate:
    def evaluate(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
        import numpy as np

        a, b = _first(inputs), _given(inputs, 1)
        if b is None:
            raise Undetermined("an input is missing")
        _sized(int(np.prod(np.broadcast_shapes(a.shape, b.shape))))
        return [np.asarray(function(a, b))]

    return evaluate


def _each(name: str) -> Evaluate:
    def evaluate(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
        import numpy as np

        return [np.asarray(getattr(np, name)(_first(inputs)))]

    return evaluate


def _matmul(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    a, b = _first(inputs), _given(inputs, 1)
    if b is None:
        raise Undetermined("an input is missing")
    _sized(a.size * b.shape[-1])
    return [a @ b]


def _gemm(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    a, b, c = _first(inputs), _given(inputs, 1), _given(inputs, 2)
    if b is None:
        raise Undetermined("an input is missing")
    a = a.T if attrs.get("transA", 0) else a
    b = b.T if attrs.get("transB", 0) else b
    y = attrs.get("alpha", 1.0) * (a @ b)
    return [(y if c is None else y + attrs.get("beta", 1.0) * c).astype(a.dtype)]


def _where(inputs: Sequence[Array | None], attrs: Attributes) -> list[Array]:
    import numpy as np

    condition, a, b = inputs
    if condition is None or a is None or b is None:
        raise Undetermined("an input is missing")
    return [np.where(condition, a, b)]


TABLE: dict[str, Evaluate] = {
    "Identity": _identity,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Slice": _slice,
    "Concat": _concat,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "Cast": _cast,
    "CastLike": _cast_like,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Gather": _gather,
    "Split": _split,
    "DequantizeLinear": _dequantize,
    "Expand": _expand,
    "Tile": _tile,
    "Shape": _shape,
    "Size": _size,
    "Range": _range,
    "Add": _pairwise(lambda a, b: a + b),
    "Sub": _pairwise(lambda a, b: a - b),
    "Mul": _pairwise(lambda a, b: a * b),
    "Div": _pairwise(_divide),
    "Mod": _pairwise(lambda a, b: a % b),
    "Min": _pairwise(_minimum),
    "Max": _pairwise(_maximum),
    "Equal": _pairwise(lambda a, b: a == b),
    "Less": _pairwise(lambda a, b: a < b),
    "Greater": _pairwise(lambda a, b: a > b),
    "Pow": _pairwise(lambda a, b: a**b),
    "Neg": _each("negative"),
    "Abs": _each("abs"),
    "Sqrt": _each("sqrt"),
    "Exp": _each("exp"),
    "Floor": _each("floor"),
    "Ceil": _each("ceil"),
    "Not": _each("logical_not"),
    "Tanh": _each("tanh"),
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Where": _where,
}
"""Operators that can be computed ahead of time, by ONNX name."""
