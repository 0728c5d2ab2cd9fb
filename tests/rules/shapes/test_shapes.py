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


BAKED = "g (float[{n},4,4] x) => (float[{n},16] y) <int64[2] s = {{{s}}}> {{ y = Reshape(x, s) }}"


def told(lint, text, code, **settings):
    found = lint(text, code, analysis=settings or None)
    return [f.message for f in found]


def test_a_symbol_that_is_a_number(lint):
    assert told(lint, BAKED.format(n="N", s="1, 16"), "SHP003") == [
        "output 'y' declares dim 0 as 'N', which is 1 here, whatever the input is"
    ]
    assert told(lint, BAKED.format(n="N", s="-1, 16"), "SHP003") == []
    assert told(lint, BAKED.format(n="1", s="1, 16"), "SHP003") == []


def test_a_symbol_that_the_user_fixed(lint):
    text = "g (float[N,4] x) => (float[N,4] y) <float[1,4] w> { z = ReduceSum<keepdims=1>(x) y = Add(z, w) }"
    (message,) = told(lint, text, "SHP003", dims={"N": 8})
    assert message == (
        "symbol 'N' is 1 at node #0 (ReduceSum) but 8 by --dim N=8; the graph has a fixed batch inside"
    )
    assert told(lint, BAKED.format(n="N", s="-1, 16"), "SHP003", dims={"N": 8}) == []


def test_inputs_that_are_missing(lint):
    text = "g (float[1,4] x) => (float[1,4] y) { y = MatMul(x) }"
    assert told(lint, text, "SHP007") == ["MatMul needs 2 inputs, input 1 is missing"]


def test_where_shapes_end(lint):
    text = """<ir_version: 8, opset_import: ["": 17, "acme": 1]>
      g (float[1,4] x) => (float[1,4] y) { a = acme.F(x) b = acme.F(x) y = Add(a, b) }"""
    (found,) = lint(text, "SHP020")
    assert found.message == "shapes are unknown after acme::F: unknown operator (and 1 more like it)"
    assert lint("g (float[1,4] x) => (float[1,4] y) { y = Relu(x) }", "SHP020") == []


def test_open_sizes_without_a_name(lint):
    (found,) = lint("g (float[?,4,?] x) => (float[?,4,?] y) { y = Relu(x) }", "SHP021")
    assert found.message == "input 'x' leaves dims 0, 2 without a name"
    assert lint("g (float[N,4] x) => (float[N,4] y) { y = Relu(x) }", "SHP021") == []


def test_heads_that_do_not_divide(lint):
    text = """<ir_version: 10, opset_import: ["": 23]>
      g (float[1,5,30] q) => (float[1,5,30] y) {{ y = Attention<q_num_heads={n}, kv_num_heads={n}>(q, q, q) }}"""
    assert len(told(lint, text.format(n=4), "SHP008")) == 1
    assert told(lint, text.format(n=5), "SHP008") == []


TYPES = {
    "integers for a Sqrt": (
        "g (int64[2] x) => (int64[2] y) { y = Sqrt(x) }",
        "SHP025",
        "Sqrt takes a floating-point type here, 'x' is int64",
    ),
    "a shape of int32": (
        "g (float[2] x) => (float[2] y) <int32[1] s = {2}> { y = Reshape(x, s) }",
        "SHP025",
        "Reshape takes int64 here, 's' is int32",
    ),
    "a condition that is a number": (
        "g (float c, float[2] x) => (float[2] y) { y = Where(c, x, x) }",
        "SHP025",
        "Where takes bool here, 'c' is float32",
    ),
    "a declared type": (
        "g (float[2] x) => (int64[2] y) { y = Relu(x) }",
        "SHP024",
        "output 'y' is declared int64 but Relu gives float32",
    ),
    "the types of two branches": (
        """g (bool c, float[2] x, int64[2] i) => (float[2] y) {
          y = If (c) <then_branch = t () => (float[2] a) { a = Relu(x) },
                      else_branch = e () => (int64[2] b) { b = Abs(i) }> }""",
        "SHP018",
        "the branches give 'y' the types float32 and int64",
    ),
}


@pytest.mark.parametrize("name", TYPES)
def test_element_types(lint, name):
    text, code, message = TYPES[name]
    assert [f.message for f in lint(text, code)] == [message]


@pytest.mark.parametrize("code", ["SHP018", "SHP024", "SHP025"])
def test_element_types_that_fit(lint, code):
    text = "g (float[2] x, bool[2] c) => (float[2] y) <int64[1] s = {2}> { r = Reshape(x, s) y = Where(c, r, x) }"
    assert lint(text, code) == []
