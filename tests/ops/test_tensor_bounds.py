"""Bounds are sound: what onnxruntime computes from inputs inside their ranges lies inside the bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlint.ops import Interval
from tests.ops.single_node import Case

UNARY = [
    "Abs", "Neg", "Sign", "Floor", "Ceil", "Round", "Sqrt", "Reciprocal", "Exp", "Log", "Sin", "Cos", "Tan",
    "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh", "Erf", "Identity", "IsNaN",
]  # fmt: skip
BINARY = ["Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "Less", "Equal", "Pow"]
ends = st.floats(-8, 8, width=32) | st.sampled_from([0.0, -1.0, 1.0, 2.0])
spans = st.tuples(ends, ends).map(lambda pair: sorted(v + 0.0 for v in pair))


def sampled(rng, shape, low, high):
    x = np.float32(low) + rng.random(shape).astype(np.float32) * np.float32(high - low)
    x = np.clip(x, np.float32(low), np.float32(high))
    x.flat[0], x.flat[-1] = low, high
    return x


def inside(case, spans, *, channels=None):
    """Assert that a run's numbers lie in the bounds made from ``spans``."""
    outputs = case.run()
    assert outputs is not None, case
    (step,) = case.analysed().shapes.main.steps
    ranges = [Interval(*span) if span is not None else None for span in spans]
    if channels is not None:
        ranges[0] = channels
    found = step.operator.bounds(ranges, step.ins, step.outs)
    for bound, array in zip(found, outputs, strict=True):
        low, high = (np.asarray(end, float) for end in (bound.lo, bound.hi))
        np.broadcast_shapes(low.shape, array.shape)
        numbers = array.astype(float)
        wrong = ~np.isnan(numbers) & ((numbers < low) | (numbers > high))
        assert not wrong.any(), (case.op, spans, numbers[wrong][:3], bound)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(UNARY), spans, st.integers(0, 99))
def test_unary(op, span, seed):
    x = sampled(np.random.default_rng(seed), (40,), *span)
    inside(Case(op, [x]), [(float(x.min()), float(x.max()))])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(BINARY), spans, spans, st.integers(0, 99))
def test_binary(op, one, two, seed):
    rng = np.random.default_rng(seed)
    a, b = sampled(rng, (40,), *one), sampled(rng, (40,), *two)
    inside(Case(op, [a, b]), [(float(v.min()), float(v.max())) for v in (a, b)])


@pytest.mark.parametrize("power", [2.0, 3.0, 0.5, -1.0, 0.0])
def test_power_of_a_constant(power):
    x = np.linspace(-3, 3, 50).astype(np.float32)
    p = np.array(power, np.float32)
    inside(Case("Pow", [x, p], constant=frozenset({1})), [(-3.0, 3.0), (power, power)])


@settings(max_examples=60, deadline=None)
@given(st.integers(-100, 100), st.integers(-100, 100), st.sampled_from(["Add", "Mul", "Sub", "Div", "Mod"]))
def test_integers_that_wrap(low, high, op):
    low, high = sorted((low, high))
    x = np.linspace(low, high, 20).round().astype(np.int8)
    y = x[::-1].copy()
    y[y == 0] = 1
    inside(Case(op, [x, y]), [(float(v.min()), float(v.max())) for v in (x, y)])


C = np.array([-3.0, 0.5, 2.0])
LOW, HIGH = C.reshape(3, 1, 1) - 1, C.reshape(3, 1, 1) + 1
CHANNELS = Interval(LOW, HIGH)
MOVES = {
    "transpose": Case("Transpose", [None], {"perm": [0, 2, 3, 1]}),
    "flatten": Case("Flatten", [None], {"axis": 2}),
    "reshape": Case("Reshape", [None, np.array([2, 3, -1], np.int64)], constant=frozenset({1})),
    "reshape-mixing": Case("Reshape", [None, np.array([2, -1], np.int64)], constant=frozenset({1})),
    "unsqueeze": Case("Unsqueeze", [None, np.array([1], np.int64)], constant=frozenset({1})),
    "slice": Case(
        "Slice",
        [None, *(np.array([v], np.int64) for v in (1, 3, 1))],
        constant=frozenset({1, 2, 3}),
    ),
    "split": Case("Split", [None], {"axis": 1, "num_outputs": 3}, outputs=3),
    "concat": Case("Concat", [None, np.full((2, 1, 4, 5), 9, np.float32)], {"axis": 1}),
    "pad": Case("Pad", [None, np.array([0, 0, 1, 0] * 2, np.int64)], constant=frozenset({1})),
    "expand": Case("Expand", [None, np.array([2, 3, 4, 5], np.int64)], constant=frozenset({1})),
    "gather": Case("Gather", [None, np.array([2, 0], np.int64)], {"axis": 1}, constant=frozenset({1})),
    "reduce-max": Case("ReduceMax", [None, np.array([2, 3], np.int64)], constant=frozenset({1})),
    "reduce-mean": Case("ReduceMean", [None, np.array([1], np.int64)], constant=frozenset({1})),
    "reduce-sum": Case("ReduceSum", [None, np.array([2], np.int64)], constant=frozenset({1})),
    "add": Case("Add", [None, np.full((3, 1, 1), 9, np.float32)]),
    "clip": Case(
        "Clip", [None, np.array(-1, np.float32), np.array(1, np.float32)], constant=frozenset({1, 2})
    ),
    "tile": Case("Tile", [None, np.array([1, 2, 1, 1], np.int64)], constant=frozenset({1})),
    "where": Case("Where", [np.ones((4, 5), bool), None, np.zeros(1, np.float32)]),
}


@pytest.mark.parametrize("name", MOVES)
def test_channels(name):
    """Each channel's own interval follows its channel, or gives way to one for all."""
    case = MOVES[name]
    rng = np.random.default_rng(0)
    x = (rng.uniform(-1, 1, (2, 3, 4, 5)) + C.reshape(3, 1, 1)).astype(np.float32)
    x = np.clip(x, (LOW + 1e-3).astype(np.float32), (HIGH - 1e-3).astype(np.float32))
    slot = next(i for i, v in enumerate(case.inputs) if v is None)
    inputs = [x if i == slot else v for i, v in enumerate(case.inputs)]
    filled = Case(case.op, inputs, case.attrs, case.outputs, case.constant)
    outputs = filled.run()
    assert outputs is not None
    (step,) = filled.analysed().shapes.main.steps
    ranges = [
        CHANNELS if i == slot else Interval(float(v.min()), float(v.max())) for i, v in enumerate(inputs)
    ]
    for bound, array in zip(step.operator.bounds(ranges, step.ins, step.outs), outputs, strict=True):
        low, high = np.broadcast_to(bound.lo, array.shape), np.broadcast_to(bound.hi, array.shape)
        assert (array >= low).all(), (name, bound)
        assert (array <= high).all(), (name, bound)


KEPT = ["transpose", "reshape", "unsqueeze", "slice", "split", "concat", "expand", "add"]


@pytest.mark.parametrize("name", KEPT)
def test_channels_stay_apart(name):
    case = MOVES[name]
    slot = next(i for i, v in enumerate(case.inputs) if v is None)
    x = np.zeros((2, 3, 4, 5), np.float32)
    filled = Case(
        case.op,
        [x if i == slot else v for i, v in enumerate(case.inputs)],
        case.attrs,
        case.outputs,
        case.constant,
    )
    (step,) = filled.analysed().shapes.main.steps
    ranges = [CHANNELS if i == slot else Interval(9.0, 9.0) for i in range(len(case.inputs))]
    found = step.operator.bounds(ranges, step.ins, step.outs)
    assert all(b.greatest() - b.least() < 5 for b in found) if name == "split" else np.size(found[0].lo) > 1
