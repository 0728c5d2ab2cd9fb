"""`Dim` against plain integers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlint.symbolic import (
    bounds,
    broadcast,
    ceildiv,
    compare,
    divide_exact,
    evaluate,
    floordiv,
    fresh,
    maximum,
    minimum,
    mod,
    symbol,
    truncdiv,
)

NAMES = ("H", "N", "W")
H, N, W = (symbol(n) for n in NAMES)

values = st.fixed_dictionaries({n: st.integers(1, 60) for n in NAMES})


def grown(children):
    number = st.integers(-9, 9)
    positive = st.integers(1, 9)
    return st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "max", "min"]), children, children | number),
        st.tuples(st.sampled_from(["//", "%", "ceil", "trunc"]), children, positive),
    )


trees = st.recursive(st.sampled_from(NAMES), grown, max_leaves=8)

SYMBOLIC = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": floordiv,
    "%": mod,
    "ceil": ceildiv,
    "trunc": truncdiv,
    "max": maximum,
    "min": minimum,
}
NUMERIC = {
    **SYMBOLIC,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "ceil": lambda a, b: -(-a // b),
    "trunc": lambda a, b: -(-a // b) if a < 0 else a // b,
    "max": max,
    "min": min,
}


def built(tree, table, leaves):
    if isinstance(tree, int):
        return tree
    if isinstance(tree, str):
        return leaves[tree]
    name, a, b = tree
    return table[name](built(a, table, leaves), built(b, table, leaves))


@settings(max_examples=400, deadline=None)
@given(trees, values)
def test_agrees_with_integers(tree, at):
    dim = built(tree, SYMBOLIC, dict(zip(NAMES, (H, N, W), strict=True)))
    expected = built(tree, NUMERIC, at)
    assert evaluate(dim, at) == expected
    lo, hi = bounds(dim)
    assert lo is None or lo <= expected
    assert hi is None or expected <= hi


@settings(max_examples=200, deadline=None)
@given(trees, trees, values)
def test_comparison_never_errs(one, two, at):
    leaves = dict(zip(NAMES, (H, N, W), strict=True))
    a, b = built(one, SYMBOLIC, leaves), built(two, SYMBOLIC, leaves)
    order = compare(a, b)
    x, y = built(one, NUMERIC, at), built(two, NUMERIC, at)
    assert order is None or order == (x > y) - (x < y)
    quotient = divide_exact(a, b)
    if quotient is not None and y:
        assert evaluate(quotient, at) * y == x


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((H - 1) // 2 + 1, (H + 1) // 2),
        ((H // 2) // 2, H // 4),
        ((3 * H + 7) // 3, H + 2),
        (ceildiv(H, 2), (H + 1) // 2),
        (((H - 1) // 2) // 2, (H - 1) // 4),
        (H * N - N * H, 0),
        (maximum(N, 0), N),
        (maximum(maximum(N, H), H), maximum(H, N)),
        (broadcast(broadcast(N, H), N), broadcast(H, N)),
        (broadcast(N, 1), N),
        (broadcast(7, N), 7),
        ((2 * H) // 4, H // 2),
    ],
    ids=str,
)
def test_equal_by_structure(a, b):
    assert a == b
    assert hash(a) == hash(b)


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        ((H + 1) // 2, "(H + 1)//2"),
        (N * 6912, "6912*N"),
        (H * W * 3 + 1, "3*H*W + 1"),
        (N - 1, "N - 1"),
        (2 * (H // 2), "2*(H//2)"),
        (maximum(N - 4, 0), "max(0, N - 4)"),
        (fresh() + N, "?"),
    ],
)
def test_text(dim, text):
    assert str(dim) == text


def test_unknowns_differ():
    assert fresh() != fresh()
    assert bounds(fresh()) == (0, None)


def test_a_range_bounds_a_symbol():
    ranged = symbol("S", least=224, most=512)
    assert bounds(ranged // 32) == (7, 16)
    assert compare(ranged, 100) == 1


def test_growth_ends():
    dim = N
    for k in range(60):
        dim = floordiv(dim * dim + H, dim + k + 2)
    assert bounds(dim) is not None
    for _ in range(60):
        dim = dim * dim
    assert str(dim) == "?"


def test_impossible_broadcast():
    with pytest.raises(ValueError, match="3 and 5"):
        broadcast(3, 5)
