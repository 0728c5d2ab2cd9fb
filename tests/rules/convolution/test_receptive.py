"""Receptive fields: by hand, and through joins; the rules that read them."""

from __future__ import annotations

import pytest

FIELDS = {
    # 1 + 2 + 2 after two 3x3 layers; the stride doubles what the third one adds
    "chain": ("a = Conv(x, w) b = Conv<strides=[2,2]>(a, v) c = Conv(b, v) y = GlobalAveragePool(c)", "9x9"),
    "dilated": ("a = Conv<dilations=[3,3]>(x, w) y = GlobalAveragePool(a)", "7x7"),
    "pool": (
        "p = MaxPool<kernel_shape=[2,2],strides=[2,2]>(x) a = Conv(p, w) y = GlobalAveragePool(a)",
        "6x6",
    ),
    "the wider of two paths": (
        (
            "a = Conv<pads=[1,1,1,1]>(x, w) r = Relu(a) b = Conv<pads=[1,1,1,1]>(r, v) s = Add(a, b) "
            "y = GlobalAveragePool(s)"
        ),
        "5x5",
    ),
}


@pytest.mark.parametrize(("nodes", "seen"), FIELDS.values(), ids=FIELDS)
def test_receptive_field_too_small(lint, nodes, seen):
    text = f"g (float[1,3,64,64] x) => (float[1,4,1,1] y) <float[4,3,3,3] w, float[4,4,3,3] v> {{ {nodes} }}"
    (found,) = lint(text, "CNV009")
    assert found.message == f"each feature sees {seen} of 64x64 pixels"


def test_what_mixes_positions_otherwise_ends_the_field(lint):
    text = (
        "g (float[1,3,64,64] x) => (float[1,4,1,1] y) <float[4,3,3,3] w, int64[4] s = {1, 3, 64, 64}> "
        "{ r = Reshape(x, s) a = Conv(r, w) y = GlobalAveragePool(a) }"
    )
    assert lint(text, "CNV009") == []


def test_low_arithmetic_intensity_needs_a_target(lint):
    text = "g (float[1,64] x) => (float[1,64] y) <float[64,64] w> { y = MatMul(x, w) }"
    assert lint(text, "PRF017") == []
    (found,) = lint(text, "PRF017", ridge=10.0)
    # 4,096 products over (64 + 4,096 + 64) * 4 bytes
    assert found.message.startswith("0.242 multiply-accumulates a byte")
