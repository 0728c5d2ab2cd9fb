"""Nothing that a cell does leaves its box; the long run is ``tests/soundness.py``."""

from __future__ import annotations

import numpy as np
import pytest

from tests.soundness import Tally, inputs_for, random_case, run_case


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("seed", range(3))
def test_random_cells_stay_in_their_boxes(kind, seed, tmp_path):
    rng = np.random.default_rng([seed, ord(kind[0])])
    tally = Tally()
    for _ in range(8):
        run_case(rng, kind, tmp_path, tally, steps=12, batch=9)
    assert tally.compared > 10_000
    assert tally.violations == 0, f"off by {tally.worst}"


def test_the_tally_sees_a_violation():
    tally = Tally()
    tally.inside(np.array([[0.0, 2.0]]), (np.zeros(2), np.ones(2)))
    assert (tally.compared, tally.violations) == (2, 1)


def test_cases_cover_every_attribute():
    rng = np.random.default_rng(0)
    seen: set[str] = set()
    for i in range(200):
        weights, attrs, low, high = random_case(rng, ("LSTM", "GRU", "RNN")[i % 3])
        seen |= set(attrs) | set(weights)
        x = inputs_for(rng, low, high, 3, 3)
        assert (x >= low - 1e-5).all()
        assert (x <= high + 1e-5).all()
    needed = {"P", "clip", "input_forget", "direction", "linear_before_reset", "activations", "layout"}
    assert needed | {"activation_alpha", "activation_beta"} <= seen
