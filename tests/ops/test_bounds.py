"""No element that onnxruntime computes leaves the interval that an operator promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlint.ops import Interval
from tests.ops.single_node import Case

ONE = [
    ("Relu", {}),
    ("LeakyRelu", {"alpha": 0.1}),
    ("LeakyRelu", {"alpha": -0.3}),
    ("Sigmoid", {}),
    ("Tanh", {}),
    ("HardSigmoid", {}),
    ("HardSigmoid", {"alpha": -0.4}),
    ("HardSwish", {}),
    ("Elu", {"alpha": 0.7}),
    ("Elu", {"alpha": -0.7}),
    ("Selu", {}),
    ("Celu", {"alpha": 2.0}),
    ("Gelu", {}),
    ("Gelu", {"approximate": "tanh"}),
    ("Mish", {}),
    ("Softplus", {}),
    ("Softsign", {}),
    ("ThresholdedRelu", {"alpha": 0.5}),
    ("ThresholdedRelu", {"alpha": -0.5}),
    ("Shrink", {"lambd": 0.5, "bias": 0.3}),
    ("Softmax", {}),
    ("LogSoftmax", {}),
    ("Hardmax", {}),
    ("GlobalAveragePool", {}),
    ("GlobalMaxPool", {}),
    ("GlobalLpPool", {}),
    ("MaxPool", {"kernel_shape": [2, 2], "pads": [1] * 4}),
    ("AveragePool", {"kernel_shape": [2, 2], "pads": [1] * 4}),
    ("AveragePool", {"kernel_shape": [2, 2], "pads": [1] * 4, "count_include_pad": 1}),
    ("LpPool", {"kernel_shape": [2, 2]}),
    ("LpNormalization", {}),
    ("LRN", {"size": 3, "alpha": 0.5}),
    ("MeanVarianceNormalization", {}),
]
MANY = [
    ("Conv", [(2, 3, 5, 5), (4, 3, 2, 2), (4,)], {"pads": [1] * 4}, {1, 2}),
    ("Conv", [(2, 4, 5, 5), (4, 2, 2, 2)], {"group": 2}, {1}),
    ("Conv", [(2, 3, 5, 5), (4, 3, 2, 2)], {}, set()),
    ("ConvTranspose", [(2, 4, 5, 5), (4, 3, 2, 2), (6,)], {"group": 2, "strides": [2, 2]}, {1, 2}),
    ("Gemm", [(4, 5), (5, 6), (6,)], {"alpha": 0.5, "beta": -2.0}, {1, 2}),
    ("Gemm", [(5, 4), (6, 5), (4, 1)], {"transA": 1, "transB": 1}, {1}),
    ("MatMul", [(2, 4, 5), (5, 6)], {}, {1}),
    ("MatMul", [(4, 5), (2, 5, 6)], {}, {0}),
    ("MatMul", [(4, 5), (5, 6)], {}, set()),
    ("PRelu", [(2, 3, 4), (3, 1)], {}, {1}),
    ("LayerNormalization", [(3, 8), (8,), (8,)], {}, {1, 2}),
    ("InstanceNormalization", [(2, 3, 4, 4), (3,), (3,)], {}, {1, 2}),
    ("GroupNormalization", [(2, 4, 4, 4), (4,), (4,)], {"num_groups": 2}, {1, 2}),
    ("RMSNormalization", [(3, 8), (8,)], {}, {1}),
    ("RNN", [(4, 2, 3), (1, 5, 3), (1, 5, 5)], {"hidden_size": 5}, {1, 2}),
    ("GRU", [(4, 2, 3), (1, 15, 3), (1, 15, 5), (1, 30)], {"hidden_size": 5}, {1, 2, 3}),
    ("LSTM", [(4, 2, 3), (1, 20, 3), (1, 20, 5), (1, 40)], {"hidden_size": 5}, {1, 2, 3}),
    ("Attention", [(2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 4)], {}, set()),
    ("GridSample", [(1, 2, 4, 4), (1, 3, 5, 2)], {}, set()),
]
OUTPUTS = {"RNN": 2, "GRU": 2, "LSTM": 3}


def stays_inside(case):
    values = case.run()
    assert values is not None, "the runtime refuses it"
    (step,) = case.analysed().shapes.main.steps
    ranges = []
    for k, x in enumerate(case.inputs):
        stored = k in case.constant
        ends = (x.astype(np.float64), x.astype(np.float64)) if stored else (float(x.min()), float(x.max()))
        ranges.append(Interval(*ends, array=x if stored else None))
    found = step.operator.bounds(ranges, step.ins, step.outs)
    for interval, value in zip(found, values, strict=True):
        assert (value >= interval.lo).all(), (case.op, float((interval.lo - value).max()))
        assert (value <= interval.hi).all(), (case.op, float((value - interval.hi).max()))
    return found


@pytest.mark.parametrize(("op", "attrs"), ONE, ids=lambda v: v if isinstance(v, str) else None)
@given(st.integers(0, 10**6), st.sampled_from([0.1, 1.0, 5.0, 100.0]), st.sampled_from([-3.0, 0.0, 1.0]))
@settings(max_examples=12, deadline=None)
def test_one_input(op, attrs, seed, spread, centre):
    x = (np.random.default_rng(seed).standard_normal((2, 3, 4, 4)) * spread + centre).astype(np.float32)
    stays_inside(Case(op, [x], attrs, opset=18 if op in ("HardSwish", "GlobalLpPool") else 22))


@pytest.mark.parametrize(
    ("op", "shapes", "attrs", "constant"), MANY, ids=[f"{m[0]}-{i}" for i, m in enumerate(MANY)]
)
@given(st.integers(0, 10**6), st.sampled_from([0.1, 1.0, 5.0]))
@settings(max_examples=12, deadline=None)
def test_many_inputs(op, shapes, attrs, constant, seed, spread):
    rng = np.random.default_rng(seed)
    arrays = [(rng.standard_normal(s) * spread).astype(np.float32) for s in shapes]
    opset = 23 if op in ("Attention", "RMSNormalization") else 22
    stays_inside(Case(op, arrays, attrs, OUTPUTS.get(op, 1), frozenset(constant), opset))


def test_batch_normalization():
    rng = np.random.default_rng(0)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        vectors = [rng.standard_normal(3).astype(np.float32) for _ in range(3)]
        variance = rng.uniform(0.01, 2.0, 3).astype(np.float32)
        x = rng.standard_normal((2, 3, 4, 4)).astype(np.float32)
        (y,) = stays_inside(
            Case("BatchNormalization", [x, *vectors, variance], {}, 1, frozenset({1, 2, 3, 4}))
        )
        assert np.shape(y.lo) == (3, 1, 1)


def test_dequantised_weights_lie_between_the_ends_of_their_type():
    x = np.array([[-128, 127], [0, 5]], np.int8)
    scales = np.array([0.5, 0.25], np.float32)
    case = Case("DequantizeLinear", [x, scales], {"axis": 0}, 1, frozenset({1}))
    (y,) = stays_inside(case)
    assert np.asarray(y.hi).reshape(-1).tolist() == pytest.approx([63.5, 31.75])


def test_a_conv_keeps_each_channel_apart():
    x = np.ones((1, 2, 4, 4), np.float32)
    w = np.stack([np.full((2, 3, 3), 1.0), np.full((2, 3, 3), -2.0)]).astype(np.float32)
    (y,) = stays_inside(Case("Conv", [x, w], {}, 1, frozenset({1})))
    assert np.asarray(y.hi).reshape(-1) == pytest.approx([18.0, -36.0], rel=1e-5)
