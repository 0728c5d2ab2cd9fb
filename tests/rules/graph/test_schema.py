"""Rules that know what ONNX defines, and the table behind them."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import onnx
import pytest

from archlint_rules.graph.operators import in_force, newest, table, versions

IF = """g (bool c, float[4] x) => (float[4] y) {{
  {before} y = If (c) <then_branch = t () => (float[4] a{more}) {{ {then} }},
                       else_branch = e () => (float[4] b) {{ b = Abs(x) }}> }}"""


def make_operators():
    path = Path(__file__).parents[1] / "make_operators.py"
    spec = spec_from_file_location("make_operators", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(onnx.__version__ != table()["onnx"], reason="the table is of another onnx")
def test_the_table_is_fresh():
    assert json.loads(make_operators().text()) == table()


def test_versions_of_an_operator():
    assert in_force("", "Upsample", 9)[1] == "mode"
    assert in_force("", "Upsample", 17)[:2] == (10, None)
    assert in_force("", "Gelu", 17) is None
    assert versions("", "Reluu") is None
    assert newest() >= 26
    assert in_force("", "Where", 17)[2] == "1 2"
    assert in_force("", "BatchNormalization", 13)[2] == "0 1 2 3 4"
    assert in_force("", "BatchNormalization", 15)[2] == "1 2,3 4"
    assert in_force("", "Concat", 13)[2] == "0+"


CASES = {
    "GRF004": ("g (float[4] x) => (float[4] y) { y = Relu(a) a = Exp(x) }", "makes later in the file"),
    "GRF005": ("g (float[4] x) => (float[4] yy) { y = Relu(x) }", "output 'yy' is produced by nothing"),
    "GRF006": ("g (float[4] x) => (float[4] y) { y = Reluu(x) }", "ai.onnx has no operator 'Reluu'"),
    "GRF010": (
        IF.format(before="a = Exp(x)", more="", then="a = Relu(x)"),
        "body 'then_branch' defines 'a', which node '#0' (Exp) outside defines too",
    ),
    "GRF012": (
        IF.format(before="", more=", float[4] d", then="a = Relu(x) d = Exp(x)"),
        "body 'then_branch' gives 2 results, If has 1 outputs",
    ),
    "GRF013": (
        "g (float[4] x) => (float[4] y) { [n] a = Relu(x) [n] y = Exp(a) }",
        "nodes #0 (Relu) and #1 (Exp) are both named 'n'",
    ),
    "GRF014": (
        "g (float[1,4] x) => (float[1,4] y) { y = Softmax<axes=1>(x) }",
        "Softmax has no attribute 'axes' in opset 17",
    ),
}
CLEAN = [
    pytest.param(IF.format(before="", more="", then="a = Relu(x)"), id="branches"),
    pytest.param("g (float[4] x) => (float[4] y) { [p] a = Relu(x) [q] y = Exp(a) }", id="named nodes"),
    pytest.param("g (float[4] x) => (float[4] y) { a = Relu(x) y = Exp(a) }", id="nameless nodes"),
    pytest.param("g (float[4] x) => (float[4] y) { y = Softmax<axis=0>(x) }", id="an attribute"),
]


@pytest.mark.parametrize("code", CASES)
def test_told(lint, code):
    text, message = CASES[code]
    (found,) = lint(text, code)
    assert message in found.message


@pytest.mark.parametrize("model", CLEAN)
def test_silent(lint, model):
    assert [f.message for code in CASES for f in lint(model, code)] == []


def test_a_required_attribute(lint):
    (found,) = lint("g (float[4] x) => (float[4] y) { y = Concat(x) }", "GRF014")
    assert found.message == "Concat needs the attribute 'axis'"


def test_near_names_are_offered(lint):
    assert lint(CASES["GRF006"][0], "GRF006")[0].help == "did you mean 'Relu'?"
    assert lint(CASES["GRF014"][0], "GRF014")[0].help == "did you mean 'axis'?"
    assert lint(CASES["GRF005"][0], "GRF005")[0].help == "did you mean 'y'?"


def test_a_branch_may_use_the_name_of_its_result(lint):
    text = IF.format(before="", more="", then="y = Relu(x) a = Exp(y)")
    assert lint(text, "GRF010") == []


def test_what_runtimes_add_is_a_warning(lint):
    text = "g (float[1,4] x) => (float[1,4] y) <float[4] s> { y = SimplifiedLayerNormalization(x, s) }"
    assert [f.severity for f in lint(text, "GRF006")] == ["warning"]


def test_a_function_that_calls_itself(lint):
    text = """<ir_version: 8, opset_import: ["": 17, "local": 1]>
      g (float[4] x) => (float[4] y) { y = local.F(x) }
      <domain: "local", opset_import: ["": 17, "local": 1]> F (p) => (r) { r = local.F(p) }"""
    (found,) = lint(text, "GRF011")
    assert found.message == "function 'F' calls itself"
