"""Costs agree with loops that count every multiplication and addition as they perform it."""

from collections import Counter
from itertools import product as grid
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlint.ops import registry
from archlint.symbolic import evaluate
from tests.ops.single_node import Case

COUNT = Counter()
WORK = settings(max_examples=60, deadline=None)


class Number:
    """A number that notes what is done to it."""

    def __mul__(self, other):
        COUNT["mults"] += 1
        return Number()

    def __add__(self, other):
        COUNT["adds"] += 1
        return Number()


X = Number()


def total(terms):
    """The sum of an iterable, without an addition for its first term."""
    result = None
    for term in terms:
        result = term if result is None else result + term
    return result


def counted(run):
    COUNT.clear()
    run()
    return COUNT["mults"], COUNT["adds"]


def cost_of(case):
    analysis = case.analysed()
    (step,) = analysis.shapes.main.steps
    assert not analysis.shapes.defects, analysis.shapes.defects[0].error.message
    return analysis.costs.of(step), step.outs


def f(*shape):
    return np.zeros(shape, np.float32)


@given(
    st.integers(1, 2),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(3, 6),
    st.booleans(),
)
@WORK
def test_conv(batch, group, inputs, outputs, size, biased):
    bias = [f(group * outputs)] if biased else []
    case = Case(
        "Conv",
        [f(batch, group * inputs, size, size), f(group * outputs, inputs, 2, 3), *bias],
        {"group": group, "pads": [1] * 4},
    )
    cost, (y,) = cost_of(case)

    def run():
        for _ in range(prod(y.shape)):
            value = total(X * X for _ in range(inputs * 6))
            if biased:
                value + X

    assert counted(run) == (cost.mults, cost.adds)
    assert cost.macs == cost.mults


@given(
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 3),
    st.booleans(),
)
@WORK
def test_conv_transpose(size, kernel, stride, dilation, channels, biased):
    bias = [f(2)] if biased else []
    attrs = {"strides": [stride], "dilations": [dilation]}
    cost, (y,) = cost_of(Case("ConvTranspose", [f(1, channels, size), f(channels, 2, kernel), *bias], attrs))

    def run():
        out = {}
        for o, _, i, k in grid(range(2), range(channels), range(size), range(kernel)):
            at = o, i * stride + k * dilation
            landed = X * X
            out[at] = landed if at not in out else out[at] + landed
        if biased:
            for _ in range(prod(y.shape)):
                X + X

    assert counted(run) == (cost.mults, cost.adds)


@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([0.0, 1.0, 2.0]),
    st.sampled_from([0.0, 1.0, 0.5]),
    st.booleans(),
)
@WORK
def test_gemm(rows, inner, columns, alpha, beta, biased):
    bias = [f(columns)] if biased else []
    cost, _ = cost_of(
        Case("Gemm", [f(rows, inner), f(inner, columns), *bias], {"alpha": alpha, "beta": beta})
    )

    def run():
        c = X
        if biased and beta not in (0.0, 1.0):
            for _ in range(columns):
                c = X * c
        for _ in range(rows * columns):
            value = total(X * X for _ in range(inner))
            if alpha != 1:
                value = value * X
            if biased and beta:
                value + c

    assert counted(run) == (cost.mults, cost.adds)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((4, 5), (5, 6)),
        ((3, 4, 5), (3, 5, 6)),
        ((2, 1, 4, 5), (3, 5, 6)),
        ((5,), (5, 6)),
        ((4, 5), (5,)),
        ((5,), (5,)),
    ],
    ids=str,
)
def test_matmul(a, b):
    cost, (y,) = cost_of(Case("MatMul", [f(*a), f(*b)]))

    def run():
        for _ in range(prod(y.shape)):
            total(X * X for _ in range(5))

    assert counted(run) == (cost.mults, cost.adds)
    assert y.shape == np.matmul(f(*a), f(*b)).shape


EQUATIONS = [
    "ij,jk->ik",
    "ij,jk",
    "bij,bjk->bik",
    "ij->i",
    "ij->",
    "ii->i",
    "i,j->ij",
    "...ij,...jk->...ik",
    "ij,ij->ij",
    "ijk,jl,kl->il",
    "bhqd,bhkd->bhqk",
    "ii",
    "i...->...",
]


@pytest.mark.parametrize("equation", EQUATIONS)
def test_einsum(equation):
    sizes = {c: n for n, c in enumerate("bhqkdijl", 2)}
    left = equation.partition("->")[0].split(",")
    arrays = [f(*[sizes[c] for c in term.replace("...", "b")]) for term in left]
    cost, (y,) = cost_of(Case("Einsum", arrays, {"equation": equation}))
    assert y.shape == np.einsum(equation, *arrays).shape
    if len(arrays) != 2:
        return
    labels = [[*t.replace("...", "b")] for t in left]
    every = sorted({c for t in labels for c in t})
    kept = prod(y.shape)
    summed = prod(sizes[c] for c in every) // kept

    def run():
        for _ in range(kept):
            total(X * X for _ in range(summed))

    assert counted(run) == (cost.mults, cost.adds)
    assert cost.macs == (cost.mults if summed > 1 else 0)


@given(
    st.integers(1, 3), st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), st.booleans(), st.booleans()
)
@WORK
def test_lstm(steps, batch, inputs, hidden, biased, peeping):
    bias = [f(1, 8 * hidden)] if biased else [None]
    tail = [None, None, None, f(1, 3 * hidden)] if peeping else []
    arrays = [f(steps, batch, inputs), f(1, 4 * hidden, inputs), f(1, 4 * hidden, hidden), *bias, *tail]
    while arrays[-1] is None:
        arrays.pop()
    cost, _ = cost_of(Case("LSTM", arrays, {"hidden_size": hidden}))

    def run():
        for _ in range(steps * batch * hidden):
            for gate in "iofc":
                value = total(X * X for _ in range(inputs + hidden))
                if biased:
                    value = value + X + X
                if peeping and gate != "c":
                    value = value + X * X
            (X * X) + (X * X)
            X * X

    assert counted(run) == (cost.mults, cost.adds)
    assert cost.macs == steps * batch * 4 * hidden * (inputs + hidden)


@given(st.integers(1, 3), st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), st.booleans())
@WORK
def test_gru(steps, batch, inputs, hidden, biased):
    bias = [f(1, 6 * hidden)] if biased else []
    arrays = [f(steps, batch, inputs), f(1, 3 * hidden, inputs), f(1, 3 * hidden, hidden), *bias]
    cost, _ = cost_of(Case("GRU", arrays, {"hidden_size": hidden}))

    def run():
        for _ in range(steps * batch * hidden):
            for _ in range(3):
                value = total(X * X for _ in range(inputs + hidden))
                if biased:
                    value + X + X
            X * X  # r * H
            one_minus_z = X + X
            (one_minus_z * X) + (X * X)

    assert counted(run) == (cost.mults, cost.adds)


@pytest.mark.parametrize("masked", [False, True])
def test_attention(masked):
    batch, heads, queries, keys, size, values = 2, 4, 3, 5, 6, 7
    arrays = [f(batch, heads, queries, size), f(batch, 2, keys, size), f(batch, 2, keys, values)]
    if masked:
        arrays.append(f(queries, keys))
    cost, (y, *_) = cost_of(Case("Attention", arrays, opset=23))
    assert y.shape == (batch, heads, queries, values)

    def run():
        for _ in range(batch * heads * queries):
            for _ in range(keys):
                score = total(X * X for _ in range(size)) * X
                if masked:
                    score + X
            total(X for _ in range(keys))
            for _ in range(values):
                total(X * X for _ in range(keys))

    assert counted(run) == (cost.mults, cost.adds)
    assert cost.macs == batch * heads * queries * keys * (size + values)


def test_layer_normalization():
    cost, _ = cost_of(Case("LayerNormalization", [f(4, 6), f(6), f(6)]))

    def run():
        for _ in range(4):
            total(X for _ in range(6))
            for _ in range(6):
                X + X
            total(X * X for _ in range(6))
            X + X  # epsilon
            for _ in range(6):
                X * X * X + X

    assert counted(run) == (cost.mults, cost.adds)


def test_a_symbolic_cost_evaluates_to_the_number():
    arrays = [f(2, 3, 8, 8), f(4, 3, 3, 3)]
    number, _ = cost_of(Case("Conv", arrays))
    formula, _ = cost_of(Case("Conv", arrays, symbols={0: ["N", 3, "H", 8]}))
    at = {"N": 2, "H": 8}
    assert [evaluate(d, at) for d in (formula.macs, formula.mults, formula.adds)] == [
        number.macs,
        number.mults,
        number.adds,
    ]


def test_every_cost_of_the_registry_states_its_formula():
    found = registry(plugins=False)
    for domain, op in found.names():
        cls = found.find(domain, op, 10_000)
        assert cls.cost.__doc__, (
            f"{domain}::{op}: the docstring of cost states the formula or why there is none"
        )
