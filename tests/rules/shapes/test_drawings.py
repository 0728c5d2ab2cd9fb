"""The drawing of a wrong convolution: its lines meet in one column."""

from __future__ import annotations

import pytest

NAMES = {
    "short weight": ("a_rather_long_input", "w"),
    "long weight": ("x", "encoder_stage_weight"),
    "equal": ("x", "w"),
}


@pytest.mark.parametrize(("x", "w"), NAMES.values(), ids=NAMES)
def test_joints_stand_below_each_other(lint, x, w):
    text = f"g (float[N,256,25,25] {x}) => (float[N,128,25,25] y) <float[128,512,1,1] {w}> {{ y = Conv({x}, {w}) }}"
    (found,) = lint(text, "SHP010")
    first, mark, weight = found.snippet
    assert first.index("─> ") == weight.index("┘")
    assert first[mark.index("^") : mark.rindex("^") + 1] == "256"
    assert "512 = weight dim 1 x group 1" in weight
