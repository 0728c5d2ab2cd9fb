"""Contents of small tensors against numpy, which wraps and rounds as runtimes do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlint.ops.content import fit
from archlint.ops.slicing import slice_size
from archlint.symbolic import evaluate, symbol, truncdiv


@given(st.integers(-(2**70), 2**70), st.sampled_from(["int8", "uint8", "int32", "uint32", "int64", "uint64"]))
def test_integers_wrap_to_their_width(value, dtype):
    bits = np.iinfo(dtype).bits
    wrapped = np.array([value % 2**bits], dtype=f"uint{bits}").astype(dtype)[0]
    assert fit(value, dtype) == int(wrapped)


@given(st.floats(allow_nan=False))
def test_floats_round_to_their_width(value):
    with np.errstate(over="ignore"):
        assert fit(value, "float32") == float(np.float32(value))


@given(st.integers(-50, 50), st.integers(-50, 50).filter(bool))
def test_integer_division_truncates(a, b):
    assert truncdiv(a, b) == int(np.trunc(a / b))


@pytest.mark.parametrize(
    ("size", "start", "end", "step", "expected"),
    [
        (10, 0, 2**63 - 1, 1, 10),
        (10, -3, 2**63 - 1, 1, 3),
        (10, 8, 2, -2, 3),
        (10, -1, -(2**63), -1, 10),
        (10, 12, 15, 1, 0),
        (0, 0, 5, 1, 0),
        (5, -9, -(2**63), -1, 1),
    ],
)
def test_slice_sizes(size, start, end, step, expected):
    assert slice_size(size, start, end, step) == expected


@given(st.integers(0, 12), st.integers(-15, 15), st.integers(-15, 15) | st.just(2**31 - 1), st.integers(1, 4))
def test_slice_sizes_with_symbols(size, start, end, step):
    """A size that stays a symbol gives the formula that the number gives."""
    n = symbol("n", least=0)
    formula = slice_size(n, start, end, step)
    found = evaluate(formula, {"n": size})
    assert found is None or found == slice_size(size, start, end, step)
    back = evaluate(slice_size(n, start, end - 20, -step), {"n": size})
    assert back is None or size == 0 or back == slice_size(size, start, end - 20, -step)


@pytest.mark.parametrize(
    ("start", "end", "step", "text"),
    [
        (0, 2**63 - 1, 1, "n - 4"),
        (1, 2**63 - 1, 1, "max(0, n - 5)"),
        (0, -1, 1, "max(0, n - 5)"),
        (0, 2**63 - 1, 2, "(n + 1)//2 - 2"),
        (0, 3, 1, "min(3, n - 4)"),
    ],
)
def test_slice_formulas_are_short(start, end, step, text):
    assert str(slice_size(symbol("n") - 4, start, end, step)) == text
