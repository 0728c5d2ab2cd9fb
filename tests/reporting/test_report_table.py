"""What the table does with names and formulas that no column can hold."""

from __future__ import annotations

import pytest

from archlint.reporting.report_table import FORMULA, NAME, number, short
from archlint.symbolic import Dim, maximum, symbol

N, W = symbol("N"), symbol("W")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(None, "?", id="unknown"),
        pytest.param(1234567, "1,234,567", id="number"),
        pytest.param(3 * N + 1, "3*N + 1", id="formula"),
        pytest.param(maximum(maximum(N, 2 * W), maximum(W * W, N)), "max(N, W*W, 2*W)", id="nested max"),
    ],
)
def test_a_count_is_shown_as(value: Dim | None, text: str) -> None:
    assert number(value) == text


def test_a_long_formula_names_its_symbols() -> None:
    total = N * W
    for k in range(2, 12):
        total = total + (W + k) // k * N
    assert len(str(total)) > FORMULA
    assert number(total) == "f(N, W)"


def test_a_long_name_keeps_both_ends() -> None:
    name = "encoder/" + "block/" * 40 + "out_conv"
    assert len(short(name)) <= NAME
    assert short(name).startswith("encoder/block")
    assert short(name).endswith("out_conv")
    assert short("conv1") == "conv1"
