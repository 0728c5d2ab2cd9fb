"""Derivatives against complex steps and finite differences, extreme states against sampling."""

from __future__ import annotations

import numpy as np
import pytest

from archlint.analyses.recurrent.rollout import simulate
from archlint.api import (
    extreme_state,
    gate_jacobian,
    gates_at,
    gradient_bound,
    memory_jacobian,
    sigmoid_slope,
    state_jacobian,
    step_jacobian,
)
from tests.analyses.recurrent.cells import analysed, operator_model, random_weights

STEP = 1e-30
CASES = {
    "lstm": ("LSTM", {}),
    "lstm-peepholes": ("LSTM", {"peepholes": True}),
    "lstm-coupled": ("LSTM", {"input_forget": 1}),
    "lstm-coupled-peepholes": ("LSTM", {"input_forget": 1, "peepholes": True}),
    "lstm-clip": ("LSTM", {"clip": 1.0}),
    "lstm-softsign": ("LSTM", {"activations": ["Sigmoid", "Softsign", "Softsign"]}),
    "gru": ("GRU", {}),
    "gru-before-reset": ("GRU", {"linear_before_reset": 1}),
    "rnn": ("RNN", {}),
}


@pytest.fixture(params=list(CASES))
def cell(request, tmp_path):
    kind, attrs = CASES[request.param]
    rng = np.random.default_rng(5)
    weights = random_weights(kind, rng, hidden=4, features=3, scale=0.6, bias=0.5)
    attrs = dict(attrs)
    if attrs.pop("peepholes", False):
        weights["P"] = rng.normal(0, 0.7, (1, 12)).astype(np.float32)
    (found,) = analysed(operator_model(kind, weights, attrs), tmp_path).recurrent.cells
    return found


def at(cell, seed=0):
    rng = np.random.default_rng(seed)
    c = rng.normal(size=4) if cell.op == "LSTM" else None
    return rng.uniform(-1, 1, 3), rng.uniform(-1, 1, 4), c


def complex_step(function, v):
    """The Jacobian of ``function`` by one imaginary step in each element."""
    columns = []
    for j in range(len(v)):
        moved = v.astype(complex)
        moved[j] += 1j * STEP
        columns.append(function(moved).imag / STEP)
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("seed", range(3))
def test_step_jacobian(cell, seed):
    x, h, c = at(cell, seed)
    numbers = cell.recurrence
    expected = complex_step(lambda v: gates_at(numbers, x, v, c).h, h)
    np.testing.assert_allclose(step_jacobian(numbers, x, h, c), expected, rtol=1e-6, atol=1e-9)


def test_gate_jacobians(cell):
    x, h, c = at(cell)
    numbers = cell.recurrence
    for gate in numbers.gates:
        expected = complex_step(lambda v, gate=gate: gates_at(numbers, x, v, c).gates[gate], h)
        np.testing.assert_allclose(gate_jacobian(numbers, gate, x, h, c), expected, rtol=1e-6, atol=1e-9)


def test_memory_and_whole_state(cell):
    x, h, c = at(cell)
    numbers = cell.recurrence
    if cell.op != "LSTM":
        np.testing.assert_array_equal(state_jacobian(numbers, x, h), step_jacobian(numbers, x, h))
        with pytest.raises(ValueError, match="no memory"):
            memory_jacobian(numbers, x, h, h)
        return
    expected = complex_step(lambda v: gates_at(numbers, x, h, v).c, c)
    np.testing.assert_allclose(memory_jacobian(numbers, x, h, c), expected, rtol=1e-6, atol=1e-9)
    if not numbers.P:
        np.testing.assert_allclose(np.diag(expected), gates_at(numbers, x, h, c).gates["forget"])

    def step(v):
        point = gates_at(numbers, x, v[:4], v[4:])
        return np.concatenate([point.h, point.c])

    whole = complex_step(step, np.concatenate([h, c]))
    np.testing.assert_allclose(state_jacobian(numbers, x, h, c), whole, rtol=1e-6, atol=1e-9)


def test_gates_are_those_of_the_simulation(cell):
    x, h, c = at(cell)
    point = gates_at(cell.recurrence, x, h, c)
    given = None if c is None else c[None]
    (moment,) = simulate(cell.recurrence, x[None, None], h[None], given, dtype=np.float64)
    np.testing.assert_allclose(point.h, moment.h[0], rtol=1e-12)
    for gate, value in moment.gates.items():
        np.testing.assert_allclose(point.gates[gate], value[0], rtol=1e-12)


def test_sigmoid_slope_by_differences():
    z = np.linspace(-8, 8, 101)

    def s(v):
        return 1 / (1 + np.exp(-v))

    np.testing.assert_allclose(sigmoid_slope(z), (s(z + 1e-5) - s(z - 1e-5)) / 2e-5, rtol=1e-6, atol=1e-10)
    assert sigmoid_slope(np.zeros(1)) == 0.25


@pytest.mark.parametrize("opening", [True, False], ids=["open", "close"])
@pytest.mark.parametrize("domain", ["ball", "box"])
def test_extreme_states_beat_every_sample(cell, opening, domain):
    rng = np.random.default_rng(1)
    x, _, c = at(cell)
    gate = {"LSTM": "forget", "GRU": "update", "RNN": "state"}[cell.op]
    lo, hi = -rng.uniform(0.1, 1, 4), rng.uniform(0.1, 1, 4)
    box = (lo, hi) if domain == "box" else None
    found = extreme_state(cell.recurrence, gate, 2, x, c, opening=opening, radius=0.8, box=box)
    samples = rng.normal(size=(400, 4))
    if domain == "ball":
        samples *= 0.8 / np.linalg.norm(samples, axis=1, keepdims=True)
        assert np.linalg.norm(found.h) == pytest.approx(0.8)
    else:
        samples = np.where(rng.random((400, 4)) > 0.5, lo, hi)
    values = [gates_at(cell.recurrence, x, h, c).gates[gate][2] for h in samples]
    best = max(values) if opening else min(values)
    sign = 1 if opening else -1
    assert sign * found.value >= sign * best - 1e-12
    assert abs(found.value - best) < 0.2


@pytest.mark.parametrize("steps", [1, 3])
def test_gradient_bounds_hold_along_runs(cell, steps):
    numbers, n = cell.recurrence, 4
    bound = gradient_bound(numbers, cell.box, steps)
    rng = np.random.default_rng(2)
    for _ in range(10):
        h, c = np.zeros(n), np.zeros(n) if cell.op == "LSTM" else None
        whole, hidden = None, None
        for _ in range(steps):
            x = rng.choice([-1.0, 1.0], 3)
            ours = state_jacobian(numbers, x, h, c)
            own = step_jacobian(numbers, x, h, c)
            whole = ours if whole is None else ours @ whole
            hidden = own if hidden is None else own @ hidden
            point = gates_at(numbers, x, h, c)
            h, c = point.h, point.c
        assert np.linalg.norm(whole, 2) <= bound.state * (1 + 1e-9)
        assert np.linalg.norm(hidden, 2) <= bound.hidden * (1 + 1e-9)


def test_contraction_can_be_proven(tmp_path):
    weights = random_weights("RNN", np.random.default_rng(0), hidden=6, scale=0.05, bias=0.1)
    (cell,) = analysed(operator_model("RNN", weights), tmp_path).recurrent.cells
    assert gradient_bound(cell.recurrence, cell.box, 1).state < 1
    assert gradient_bound(cell.recurrence, cell.box, 10).state < 1e-3
