"""A plugin that is broken costs itself alone: it is told, the status is 2, everything else is run."""

from __future__ import annotations

import sys

import pytest

from tests.cli.conftest import DEAD
from tests.linting.test_plugins import plugin

HEALTHY = """from archlint.api import rule

@rule("FIN001", on="Relu")
def rectified(node):
    '''Text.'''
    yield "rectified"
"""
RULE = """from archlint.api import Model, rule

@rule("BRK001", on=Model)
def broken_rule({parameters}):
    '''Text.'''
    {body}
"""


def rule(body: str, parameters: str = "model") -> str:
    return RULE.format(body=body, parameters=parameters)


@pytest.fixture
def installed(write, tmp_path, monkeypatch):
    """Installs a healthy plugin, and one with the code given."""
    write("dead.onnx", DEAD)
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(site)

    def install(code: str) -> None:
        plugin(site, "able", HEALTHY)
        plugin(site, "broken", code)
        for name in ("able", "broken"):
            monkeypatch.delitem(sys.modules, f"{name}_archlint", raising=False)

    yield install
    for name in ("able", "broken"):
        sys.modules.pop(f"{name}_archlint", None)


LEFT_OUT = {
    "import error": ("from archlint.api import visit", "ImportError: cannot import name 'visit'"),
    "missing module": ("import no_such_module_at_all", "ModuleNotFoundError"),
    "exception": ("{}['scales']", "KeyError: 'scales' (broken_archlint.py:1)"),
    "exit": ("raise SystemExit(0)", "SystemExit"),
    "endless recursion": ("def f(): f()\nf()", "RecursionError"),
    "no parameters": (rule("yield 'x'", ""), "rule BRK001: the first parameter"),
    "keyword-only first": (rule("yield 'x'", "*, model"), "rule BRK001: the first parameter"),
    "three parameters": (rule("yield 'x'", "model, analysis, more"), "rule BRK001: more than two"),
    "option without default": (rule("yield 'x'", "model, *, size: int"), "rule BRK001: option 'size' has no"),
    "code of another": (rule("yield 'x'").replace("BRK001", "GRF007"), "rule code GRF007 is claimed by"),
    "letters of another": (rule("yield 'x'").replace("BRK001", "FIN009"), "codes FIN... are claimed by"),
    "letters of the engine": (rule("yield 'x'").replace("BRK001", "CFG099"), "are archlint's own"),
    "severity": (rule("yield 'x'").replace("on=Model", "on=Model, severity='fatal'"), "severity 'fatal'"),
    "api": ("ARCHLINT_API = 'new'", "TypeError"),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_cannot_be_loaded_is_left_out(archlint, installed, name) -> None:
    code, said = LEFT_OUT[name]
    installed(code)
    result = archlint("check", "dead.onnx", "-o", "concise", "--no-cache")
    assert result.exit_code == 2, result.output
    assert said in result.stderr, result.stderr
    assert "'broken' (broken-archlint 1.0)" in result.stderr
    assert "BRK001" not in result.stdout
    assert "FIN001 warning rectified" in result.stdout
    assert "GRF007 warning" in result.stdout
    without = archlint("check", "dead.onnx", "-o", "concise", "--no-plugins")
    assert (without.exit_code, without.stderr) == (1, "")


CRASHES = {
    "exception": (rule("yield {}['scales']"), "rule BRK001 failed at dead.onnx: KeyError 'scales'"),
    "recursion": (rule("yield from broken_rule(model)"), "rule BRK001 failed at dead.onnx: RecursionError"),
    "nothing returned": (rule("return None"), "rule BRK001 failed at dead.onnx: TypeError"),
    "a number": (rule("yield 5"), "rule BRK001 failed at dead.onnx: TypeError"),
    "a node": (rule("yield model.graph.nodes[0]"), "rule BRK001 failed at dead.onnx: TypeError"),
    "a message that is none": (
        rule("yield model.graph.at().says(None)"),
        "rule BRK001 failed at dead.onnx: TypeError",
    ),
    "a wrong level": (
        rule("yield model.graph.at().says('x', severity='fatal')"),
        "rule BRK001 failed at dead.onnx: ",
    ),
    "after a finding": (
        rule("yield 'first'\n    raise ValueError('then')"),
        "failed at dead.onnx: ValueError: then",
    ),
    "assertion": (rule("assert not model\n    yield ''"), "failed at dead.onnx: AssertionError"),
    "exit": (rule("raise SystemExit(0)\n    yield ''"), "rule BRK001 failed at dead.onnx: SystemExit"),
}


@pytest.mark.parametrize("name", CRASHES)
def test_what_crashes_is_told(archlint, installed, name) -> None:
    code, said = CRASHES[name]
    installed(code)
    result = archlint("check", "dead.onnx", "-o", "concise", "--no-cache", "--debug")
    plain = archlint("check", "dead.onnx", "-o", "concise", "--no-cache")
    assert plain.exit_code == result.exit_code == 2, result.output
    assert said in plain.stdout, plain.output
    assert "INT001 error" in plain.stdout
    assert "FIN001 warning rectified" in plain.stdout
    assert "GRF007 warning" in plain.stdout
    assert "Traceback" not in plain.output
    assert "Traceback" in result.stderr
    assert "BRK001 warning first" in plain.stdout or name != "after a finding"


def test_a_code_of_a_plugin_that_is_broken(archlint, installed) -> None:
    installed("1 / 0")
    result = archlint("check", "dead.onnx", "--select", "BRK001")
    assert result.exit_code == 2
    assert "--select BRK001: no such rule or prefix" in result.stderr
    assert "ZeroDivisionError" in result.stderr


def test_a_plugin_that_is_named_and_not_there(archlint, installed, tmp_path) -> None:
    installed("")
    (tmp_path / "archlint.toml").write_text('plugins = ["able", "abel"]')
    result = archlint("check", "dead.onnx", "-o", "concise")
    assert result.exit_code == 2
    assert "no plugin 'abel' is installed\nhelp: installed: able, broken" in result.stderr
    assert "FIN001" in result.stdout


def test_broken_local_rules(archlint, write, tmp_path) -> None:
    write("dead.onnx", DEAD)
    (tmp_path / "mine.py").write_text("import nothing_at_all")
    (tmp_path / "archlint.toml").write_text('local-rules = ["mine.py"]')
    result = archlint("check", "dead.onnx", "-o", "concise")
    assert (result.exit_code, "GRF007" in result.stdout) == (2, True)
    assert "mine.py': ModuleNotFoundError" in result.stderr
    assert archlint("config", "validate").exit_code == 2
    assert archlint("rule", "GRF007").exit_code == 2
