import pytest

CASES = {
    "SHP010": (
        """g (float[1,256,25,25] x) => (float[1,128,25,25] y) <float[128,512,1,1] w> { y = Conv(x, w) }""",
        "Conv expects 512 input channels, gets 256",
        """g (float[1,512,25,25] x) => (float[1,128,25,25] y) <float[128,512,1,1] w> { y = Conv(x, w) }""",
    ),
    "SHP012": (
        """g (float[1,6,8,8] x) => (float[1,8,6,6] y) <float[8,2,3,3] w> { y = Conv<group=4>(x, w) }""",
        "group 4 does not divide the 6 input channels",
        """g (float[1,8,8,8] x) => (float[1,8,6,6] y) <float[8,2,3,3] w> { y = Conv<group=4>(x, w) }""",
    ),
    "SHP002": (
        """g (float[1,8,27,27] x) => (float[1,4,25,25] y) <float[4,8,1,1] w> { y = Conv(x, w) }""",
        "output 'y' is declared [1, 4, 25, 25] but computes to [1, 4, 27, 27]",
        """g (float[1,8,27,27] x) => (float[1,4,27,27] y) <float[4,8,1,1] w> { y = Conv(x, w) }""",
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_the_defect_is_told_with_its_numbers(lint, code):
    bad, message, _ = CASES[code]
    assert [f.code for f in lint(bad, code)] == [code]
    assert message in lint(bad, code)[0].message


@pytest.mark.parametrize("code", CASES)
def test_the_healthy_model_is_silent(lint, code):
    assert lint(CASES[code][2], code) == []
    assert [f for f in lint(CASES[code][2]) if f.severity == "error"] == []
