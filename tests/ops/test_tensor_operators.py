"""Tensor operators against onnxruntime: shapes, element types and contents.

Each case runs twice, its inputs as run-time values and as constants; a runtime that refuses the node
must be met by a defect or silence, one that answers by the same answer or an unknown.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlint.ops.content import known_values
from tests.ops.single_node import Case

WORK = settings(max_examples=60, deadline=None)
INT64_MAX = 2**63 - 1


def ints(*values):
    return np.array(values, np.int64)


def agrees(case):
    """Assert that nothing archlint says is wrong; True when the runtime answered."""
    outputs = case.run()
    for constant in (case.constant, frozenset(range(len(case.inputs)))):
        tried = Case(
            case.op, case.inputs, case.attrs, case.outputs, constant, case.opset, case.domain, case.symbols
        )
        shapes = tried.analysed().shapes
        assert not shapes.failures, shapes.failures
        if outputs is None:
            continue
        assert not shapes.defects, (case, shapes.defects[0].error.message)
        if not shapes.main.steps:
            continue
        for fact, array in zip(shapes.main.steps[0].outs, outputs, strict=True):
            assert fact.dtype == str(array.dtype).replace("object", "string"), case
            if fact.shape is None:
                continue
            assert len(fact.shape) == array.ndim, (case, str(fact), array.shape)
            known = [(a, b) for a, b in zip(fact.shape, array.shape, strict=True) if isinstance(a, int)]
            assert all(a == b for a, b in known), (case, str(fact), array.shape)
            if constant:
                values = known_values(fact)
                for ours, theirs in zip(values or (), array.reshape(-1).tolist(), strict=False):
                    assert ours is None or ours == theirs or ours != ours, (case, values, array)
    return outputs is not None


def exact(case):
    """The shapes that archlint gives when every input is constant."""
    tried = Case(case.op, case.inputs, case.attrs, case.outputs, case.constant, case.opset)
    return [f.shape for f in tried.analysed().shapes.main.steps[0].outs]


X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
V = ints(3, -1, 4, 1, -5)

CASES = {
    "abs": Case("Abs", [V]),
    "neg": Case("Neg", [V]),
    "sign": Case("Sign", [V], opset=13),
    "floor": Case("Floor", [X / 7]),
    "round": Case("Round", [X / 2]),
    "sqrt": Case("Sqrt", [X]),
    "exp": Case("Exp", [X]),
    "not": Case("Not", [V > 0]),
    "equal": Case("Equal", [V, ints(3)]),
    "less-or-equal": Case("LessOrEqual", [V, ints(1)]),
    "and": Case("And", [V > 0, V > 3]),
    "where": Case("Where", [V > 0, V, ints(0)]),
    "where-broadcast": Case("Where", [np.array([[True], [False]]), V, ints(7)]),
    "mod": Case("Mod", [V, ints(3)]),
    "mod-negative": Case("Mod", [V, ints(-3)]),
    "fmod": Case("Mod", [V, ints(3)], {"fmod": 1}),
    "div": Case("Div", [V, ints(2)]),
    "wrap": Case("Mul", [ints(2**62, 2**63 - 1), ints(2, 2)]),
    "wrap-int32": Case("Add", [np.array([2**31 - 1], np.int32), np.array([1], np.int32)]),
    "shift": Case(
        "BitShift", [np.array([1, 200], np.uint8), np.array([3, 1], np.uint8)], {"direction": "LEFT"}
    ),
    "pow": Case("Pow", [V, ints(2)]),
    "max": Case("Max", [V, ints(0), ints(2)]),
    "min": Case("Min", [V, ints(0)]),
    "sum": Case("Sum", [X, X, X]),
    "clip": Case("Clip", [V, np.array(-1, np.int64), np.array(2, np.int64)]),
    "clip-open": Case("Clip", [V, None, np.array(2, np.int64)]),
    "cast-float": Case("Cast", [V], {"to": 1}),
    "cast-bool": Case("Cast", [V], {"to": 9}),
    "cast-uint8": Case("Cast", [V], {"to": 2}),
    "cast-int": Case("Cast", [np.array([1.7, -1.7], np.float32)], {"to": 7}),
    "shape": Case("Shape", [X]),
    "shape-part": Case("Shape", [X], {"start": -2, "end": 2}),
    "size": Case("Size", [X]),
    "reshape": Case("Reshape", [X, ints(0, -1)], constant=frozenset({1})),
    "reshape-scalar": Case(
        "Reshape", [np.ones(1, np.float32), np.zeros(0, np.int64)], constant=frozenset({1})
    ),
    "reshape-allowzero": Case(
        "Reshape", [np.zeros((0, 3), np.float32), ints(3, 0)], {"allowzero": 1}, constant=frozenset({1})
    ),
    "flatten": Case("Flatten", [X], {"axis": -1}),
    "flatten-0": Case("Flatten", [X], {"axis": 0}),
    "squeeze": Case("Squeeze", [X[:, :1], ints(-2)], constant=frozenset({1})),
    "squeeze-all": Case("Squeeze", [X[:, :1, :1]]),
    "unsqueeze": Case("Unsqueeze", [X, ints(0, -1)], constant=frozenset({1})),
    "transpose": Case("Transpose", [V.reshape(1, 5)], {"perm": [1, 0]}),
    "concat": Case("Concat", [V, V, ints(9)], {"axis": 0}),
    "concat-2d": Case("Concat", [V.reshape(5, 1), V.reshape(5, 1)], {"axis": -1}),
    "split": Case("Split", [X], {"axis": 2, "num_outputs": 3}, outputs=3),
    "split-sizes": Case("Split", [V, ints(1, 4)], outputs=2, constant=frozenset({1})),
    "split-13": Case("Split", [X], {"axis": 2}, outputs=2, opset=13),
    "gather": Case("Gather", [V, ints(-1, 0)], constant=frozenset({1})),
    "gather-scalar": Case("Gather", [X, np.array(1, np.int64)], {"axis": 1}, constant=frozenset({1})),
    "gather-nd": Case("GatherND", [X, ints(0, 1).reshape(2, 1)], constant=frozenset({1})),
    "gather-nd-batch": Case("GatherND", [X, ints(0, 1).reshape(2, 1)], {"batch_dims": 1}),
    "gather-elements": Case("GatherElements", [X, np.zeros((2, 3, 2), np.int64)], {"axis": 2}),
    "scatter-elements": Case("ScatterElements", [V, ints(0), ints(7)]),
    "scatter-nd": Case("ScatterND", [V, ints(0).reshape(1, 1), ints(7)]),
    "expand": Case("Expand", [ints(1, 2).reshape(2, 1), ints(3, 1, 4)], constant=frozenset({1})),
    "tile": Case("Tile", [V, ints(2)], constant=frozenset({1})),
    "pad": Case("Pad", [V, ints(1, 2)], constant=frozenset({1})),
    "pad-negative": Case("Pad", [V, ints(-1, 2), np.array(5, np.int64)], constant=frozenset({1})),
    "pad-axes": Case("Pad", [X, ints(1, 2), None, ints(-1)], constant=frozenset({1, 3})),
    "slice": Case("Slice", [V, ints(1), ints(INT64_MAX)], constant=frozenset({1, 2})),
    "slice-back": Case("Slice", [V, ints(-1), ints(-INT64_MAX), ints(0), ints(-2)]),
    "range": Case("Range", [np.array(5, np.int64), np.array(-4, np.int64), np.array(-3, np.int64)]),
    "range-float": Case("Range", [np.array(v, np.float32) for v in (0.0, 1.0, 0.3)]),
    "constant-of-shape": Case("ConstantOfShape", [ints(2, 3)]),
    "one-hot": Case("OneHot", [ints(1, 0), np.array(3, np.int64), ints(0, 1)], {"axis": 0}),
    "eye-like": Case("EyeLike", [X[0]], {"dtype": 7}),
    "trilu": Case("Trilu", [X]),
    "cum-sum": Case("CumSum", [V, np.array(0, np.int64)]),
    "cum-sum-back": Case("CumSum", [V, np.array(0, np.int64)], {"reverse": 1, "exclusive": 1}),
    "non-zero": Case("NonZero", [V > 0]),
    "compress": Case("Compress", [X, np.array([True, False])], {"axis": 0}),
    "compress-flat": Case("Compress", [X, np.array([True, False, True])]),
    "unique": Case("Unique", [V], outputs=4),
    "top-k": Case("TopK", [X, ints(2)], outputs=2, constant=frozenset({1})),
    "reduce-sum": Case("ReduceSum", [V], {"keepdims": 0}),
    "reduce-prod": Case("ReduceProd", [V, ints(0)], constant=frozenset({1})),
    "reduce-max": Case("ReduceMax", [V.reshape(1, 5), ints(1)], {"keepdims": 0}, constant=frozenset({1})),
    "reduce-noop": Case("ReduceSum", [X], {"noop_with_empty_axes": 1}),
    "reduce-attribute": Case("ReduceMean", [X], {"axes": [0, -1]}, opset=13),
    "arg-max": Case("ArgMax", [X], {"axis": -1, "keepdims": 0}),
    "depth-to-space": Case("DepthToSpace", [np.zeros((1, 8, 2, 3), np.float32)], {"blocksize": 2}),
    "space-to-depth": Case("SpaceToDepth", [np.zeros((1, 2, 4, 6), np.float32)], {"blocksize": 2}),
    "center-crop-pad": Case("CenterCropPad", [X, ints(5, 2)], {"axes": [0, 1]}, opset=18),
    "reverse-sequence": Case("ReverseSequence", [X[0], ints(1, 2, 3, 1)], {"time_axis": 0, "batch_axis": 1}),
    "dropout": Case("Dropout", [X], outputs=2),
    "identity": Case("Identity", [V]),
    "is-nan": Case("IsNaN", [X]),
    "random-like": Case("RandomNormalLike", [X], {"dtype": 11}, opset=21),
    "multinomial": Case("Multinomial", [X[0]], {"sample_size": 5}, opset=21),
    "clip-6": Case("Clip", [X], {"min": 0.0, "max": 6.0}, opset=6),
    "slice-1": Case("Slice", [X], {"starts": [0, 1], "ends": [1, 3]}, opset=9),
    "top-k-1": Case("TopK", [X], {"k": 2}, outputs=2, opset=9),
    "squeeze-11": Case("Squeeze", [X[:, :1]], {"axes": [1]}, opset=11),
    "pad-2": Case("Pad", [X], {"pads": [0, 1, 0, 0, 0, 2]}, opset=10),
}


@pytest.mark.parametrize("name", CASES)
def test_against_onnxruntime(name):
    assert agrees(CASES[name]), f"onnxruntime refuses {name}"


KNOWN = {
    "reshape": [(2, 12)],
    "split": [(2, 3, 2), (2, 3, 2), (2, 3, 0)],
    "split-13": [(2, 3, 2)] * 2,
    "gather-scalar": [(2, 4)],
    "expand": [(3, 2, 4)],
    "pad-axes": [(2, 3, 7)],
    "unsqueeze": [(1, 2, 3, 4, 1)],
    "top-k": [(2, 3, 2)] * 2,
    "reduce-max": [(1,)],
}


@pytest.mark.parametrize("name", [n for n in KNOWN if n != "split"])
def test_shapes_are_found(name):
    assert exact(CASES[name]) == KNOWN[name]


shapes = st.lists(st.integers(0, 4), min_size=1, max_size=4)


def floats(shape):
    return np.zeros(shape, np.float32)


@WORK
@given(shapes, shapes)
def test_broadcasting(a, b):
    agrees(Case("Add", [floats(a), floats(b)]))


@WORK
@given(st.data())
def test_slices(data):
    shape = data.draw(shapes)
    bound = st.one_of(st.integers(-6, 6), st.sampled_from([INT64_MAX, -INT64_MAX, 2**31 - 1]))
    axes = data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True, max_size=len(shape)))
    starts, ends = ([data.draw(bound) for _ in axes] for _ in range(2))
    steps = [data.draw(st.sampled_from([1, 1, 2, 3, -1, -2])) for _ in axes]
    x = np.arange(np.prod(shape), dtype=np.int64).reshape(shape)
    inputs = [x, *(np.array(v, np.int64) for v in (starts, ends, axes, steps))]
    agrees(Case("Slice", inputs, constant=frozenset({1, 2, 3, 4})))


@WORK
@given(shapes, st.lists(st.integers(-1, 6), max_size=4), st.integers(0, 1))
def test_reshapes(shape, target, allowzero):
    x = np.arange(np.prod(shape), dtype=np.int64).reshape(shape)
    case = Case("Reshape", [x, np.array(target, np.int64)], {"allowzero": allowzero}, constant=frozenset({1}))
    agrees(case)


@WORK
@given(st.data())
def test_reductions(data):
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    axes = data.draw(st.lists(st.integers(-len(shape), len(shape) - 1), max_size=3))
    op = data.draw(st.sampled_from(["ReduceSum", "ReduceMax", "ReduceProd", "ReduceMin"]))
    attrs = {k: data.draw(st.integers(0, 1)) for k in ("keepdims", "noop_with_empty_axes")}
    x = np.arange(np.prod(shape), dtype=np.int64).reshape(shape) % 5
    inputs = [x, np.array(axes, np.int64)] if data.draw(st.booleans()) else [x]
    agrees(Case(op, inputs, attrs, constant=frozenset({1}), opset=18))


@WORK
@given(st.data())
def test_gathers(data):
    shape = data.draw(shapes)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    indices = data.draw(st.lists(st.integers(-5, 5), max_size=4))
    x = np.arange(np.prod(shape), dtype=np.int64).reshape(shape)
    agrees(Case("Gather", [x, np.array(indices, np.int64)], {"axis": axis}, constant=frozenset({1})))


@WORK
@given(st.data())
def test_pads(data):
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    pads = data.draw(st.lists(st.integers(-2, 3), min_size=2 * len(shape), max_size=2 * len(shape)))
    x = np.arange(np.prod(shape), dtype=np.int64).reshape(shape)
    agrees(Case("Pad", [x, np.array(pads, np.int64)], constant=frozenset({1})))


@WORK
@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(-4, 4).filter(bool), st.booleans())
def test_ranges(start, limit, delta, real):
    scale = 0.37 if real else 1
    kind = np.float32 if real else np.int64
    agrees(Case("Range", [np.array(v * scale).astype(kind) for v in (start, limit, delta)]))


@WORK
@given(st.data())
def test_splits(data):
    size = data.draw(st.integers(1, 9))
    parts = data.draw(st.integers(1, 4))
    opset = data.draw(st.sampled_from([2, 11, 13, 18]))
    attrs = {"num_outputs": parts} if opset == 18 else {}
    agrees(Case("Split", [floats([size, 2])], attrs, outputs=parts, opset=opset))


BINARY = ["Add", "Sub", "Mul", "Div", "Mod", "Max", "Min", "Equal", "Less", "Greater", "LessOrEqual"]
integers = st.integers(-(2**63), 2**63 - 1) | st.integers(-20, 20)


@WORK
@given(st.sampled_from(BINARY), integers, integers)
def test_integer_arithmetic(op, a, b):
    if op in ("Div", "Mod") and (b == 0 or (a == -(2**63) and b == -1)):
        return
    agrees(Case(op, [ints(a), ints(b)]))
