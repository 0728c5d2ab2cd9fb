import pytest

CONV = "g (float[{n},512,25,25] x) => (float[{n},128,27,27] y) <float[128,512,1,1] w> {{ y = Conv<pads=[1,1,1,1]>(x, w) }}"
MACS = 47_775_744


@pytest.mark.parametrize(
    ("batch", "options", "count"),
    [
        pytest.param(1, {}, 0, id="no budget, no word"),
        pytest.param(1, {"limit": MACS}, 0, id="exactly met"),
        pytest.param(1, {"limit": MACS - 1}, 1, id="over"),
        pytest.param(1, {"layer": MACS - 1}, 1, id="one layer over"),
        pytest.param("N", {"limit": MACS}, 0, id="a batch of one fits"),
        pytest.param("N", {"limit": MACS - 1}, 1, id="no batch fits"),
    ],
)
def test_mac_budget(lint, batch, options, count):
    found = lint(CONV.format(n=batch), "BUD001", **options)
    assert len(found) == count
    assert all(f"{MACS:,}" in f.message for f in found)


LINEAR = "g (float[1,4] x) => (float[1,8] y) <float[4,8] w> { y = MatMul(x, w) }"
CHAIN = (
    "g (float[1,4] x) => (float[1,4] y) <float[4,4] a, float[4,400] b, float[400,4] c, float[4,4] d>"
    " { p = MatMul(x, a) q = MatMul(p, b) r = MatMul(q, c) s = MatMul(r, d) y = MatMul(s, a) }"
)


@pytest.mark.parametrize(
    ("code", "model", "options", "message"),
    [
        pytest.param(
            "BUD002", LINEAR, {"limit": 31}, "model stores 32 parameters, the budget is 31", id="parameters"
        ),
        pytest.param("BUD002", LINEAR, {"limit": 32}, None, id="parameters met"),
        pytest.param("BUD006", LINEAR, {"limit": 31}, "model needs 32 multiplications", id="multiplications"),
        pytest.param("BUD006", LINEAR, {"limit": 32}, None, id="multiplications met"),
        pytest.param("BUD003", LINEAR, {"limit": 47}, "activations need 48 bytes at once", id="memory"),
        pytest.param("BUD003", LINEAR, {"limit": 48}, None, id="memory met"),
        pytest.param("BUD005", LINEAR, {"limit": 100}, "the budget is 100", id="size"),
        pytest.param("BUD005", LINEAR, {"limit": 10_000}, None, id="size met"),
        pytest.param("BUD005", LINEAR, {}, None, id="no size"),
        pytest.param(
            "BUD004", CHAIN, {"share": 0.4}, "layer does 49 % of 3,248 MACs (1,600)", id="dominates"
        ),
        pytest.param("BUD004", CHAIN, {}, None, id="no layer dominates"),
    ],
)
def test_budgets(lint, code, model, options, message):
    found = [f.message for f in lint(model, code, **options)]
    assert len(found) == (message is not None)
    assert not found or message in found[0]
