import pytest

IF = """g (float[4] x) => (float[4] y) <bool c = {1}> {
  y = If (c) <then_branch = t () => (float[4] a) { a = Relu(x) },
              else_branch = e () => (float[4] b) { b = Abs(x) }> }"""


def test_constant_condition(lint):
    (found,) = lint(IF, "ARC012")
    assert found.message == "the condition is always true: 'else_branch' never runs"
    assert (
        lint(IF.replace("(float[4] x) =>", "(float[4] x, bool c) =>").replace("<bool c = {1}>", ""), "ARC012")
        == []
    )


VGG = (
    "g (float[1,3,32,32] x) => (float[1,10] y)"
    " <float[8,3,3,3] c, float[8192,128] w1, float[128,10] w2> {"
    " h = Conv<pads=[1,1,1,1]>(x, c) f = Flatten(h) m = MatMul(f, w1) r = Relu(m) y = MatMul(r, w2) }"
)


def test_huge_dense_after_flatten(lint):
    (found,) = lint(VGG, "ARC013")
    assert "1,048,576 of 1,050,072 parameters (100 %)" in found.message
    assert lint(VGG, "ARC013", at_least=2_000_000) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("a = Relu(x) s = Add(a, a) y = Relu(s)", 1, id="twice the same"),
        pytest.param("a = Relu(x) d = Identity(a) s = Add(d, a) y = Relu(s)", 1, id="through an Identity"),
        pytest.param("a = Relu(x) s = Add(a, x) y = Relu(s)", 0, id="a residual"),
        pytest.param("s = Add(x, x) y = Relu(s)", 0, id="the input itself"),
    ],
)
def test_one_branch_residual(lint, text, count):
    assert len(lint(f"g (float[1,4] x) => (float[1,4] y) {{ {text} }}", "ARC014")) == count


@pytest.mark.parametrize(
    ("widths", "count"),
    [pytest.param((16, 32, 8), 1, id="collapses"), pytest.param((16, 2, 16), 0, id="a low rank is meant")],
)
def test_linear_after_linear(lint, widths, count):
    a, b, c = widths
    text = f"g (float[1,{a}] x) => (float[1,{c}] y) <float[{a},{b}] v, float[{b},{c}] w>"
    assert len(lint(text + " { h = MatMul(x, v) y = MatMul(h, w) }", "ARC001")) == count
    assert lint(text + " { h = MatMul(x, v) r = Relu(h) y = MatMul(r, w) }", "ARC001") == []
