import onnx
import pytest
from onnx import helper

CLEAN = "g (float[1,4] x) => (float[1,4] y) { a = Relu(x) y = Sigmoid(a) }"
CASES = {
    "GRF001": (
        "g (float[1,4] x) => (float[1,4] y) { [one] a = Add(x, b) [two] b = Relu(a) y = Relu(x) }",
        "graph has a cycle: 'one' (Add) -> 'two' (Relu) -> 'one'",
    ),
    "GRF002": (
        "g (float[1,4] x_1) => (float[1,4] y) { y = Relu(x_7) }",
        "node #0 (Relu) reads 'x_7', which nothing produces",
    ),
    "GRF007": (
        "g (float[1,4] x) => (float[1,4] y) { [p] a = Relu(x) [q] b = Exp(a) y = Sigmoid(x) }",
        "'b' is never used; neither is what only feeds it (p)",
    ),
    "GRF008": (
        "g (float[1,4] x) => (float[1,4] y) <float[2,3] lost> { y = Sigmoid(x) }",
        "initializer 'lost' (float32 [2, 3], 24 bytes) is never read",
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_the_defect_is_told_once(lint, code):
    (found,) = lint(CASES[code][0], code)
    assert found.message == CASES[code][1]


@pytest.mark.parametrize("code", CASES)
def test_a_clean_graph_is_silent(lint, code):
    assert lint(CLEAN, code) == []


def test_a_near_name_is_offered(lint):
    assert lint(CASES["GRF002"][0], "GRF002")[0].help == "did you mean 'x_1'?"


BRANCHES = """
g (bool c, float[1,4] x) => (float[1,4] y) <float[4] w = {{1,2,3,4}}> {{
  y = If (c) <
    then_branch = t () => (float[1,4] a) {{ {then} }},
    else_branch = e () => (float[1,4] b) {{ b = Mul(x, w) }}
  >
}}"""


def test_bodies_see_outer_tensors(lint):
    model = BRANCHES.format(then="a = Relu(x)")
    assert [f for f in lint(model) if f.code.startswith("GRF") and f.severity != "info"] == []


@pytest.mark.parametrize(
    ("then", "code"),
    [
        pytest.param("a = Relu(z)", "GRF002", id="dangling"),
        pytest.param("a = Relu(x) d = Exp(x)", "GRF007", id="dead"),
        pytest.param("p = Add(x, q) q = Relu(p) a = Relu(x)", "GRF001", id="cycle"),
    ],
)
def test_a_defect_inside_a_branch_is_found(lint, then, code):
    (found,) = lint(BRANCHES.format(then=then), code)
    assert found.graph.endswith("then_branch")


def test_a_function_body_is_a_graph_too(lint):
    function = helper.make_function(
        "local",
        "F",
        ["p"],
        ["r"],
        [
            helper.make_node("Relu", ["p"], ["r"]),
            helper.make_node("Exp", ["p"], ["lost"], name="lost"),
            helper.make_node("Abs", ["pp"], ["r2"], name="typo"),
        ],
        [helper.make_opsetid("", 17)],
    )
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["": 17, "local": 1]> '
        "g (float[4] x) => (float[4] y) { y = local.F(x) }"
    )
    model.functions.append(function)
    assert [f.message for f in lint(model, "GRF002")] == [
        "node 'typo' (Abs) reads 'pp', which nothing produces"
    ]
    assert {f.node for f in lint(model, "GRF007")} == {"lost", "typo"}
