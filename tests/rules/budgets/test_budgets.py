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
