"""Plugins: a real wheel is built and installed; broken ones are told apart from archlint."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archlint.errors import ConfigError
from archlint.linting.collect import collect

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "fixtures/plugin_example"
MODEL = """\
archlint: 1
inputs: {x: [1, 3, 8, 8]}
layers:
  - {name: up, op: Resize, mode: nearest, scales: [1.0, 1.0, 2.0, 2.0]}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A folder into which the example plugin's wheel is installed."""
    folder = tmp_path_factory.mktemp("plugin")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(command, cwd=EXAMPLE, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target"]
    subprocess.run([*pip, str(folder / "site"), str(wheel)], check=True, capture_output=True)
    (folder / "net.arch.yaml").write_text(MODEL)
    return folder


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(site / "site"), str(ROOT), str(ROOT / "rules")])
    return subprocess.run(
        [sys.executable, "-m", "archlint", *arguments],
        cwd=site,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_wheel(site) -> None:
    listed = run(site, "rule").stdout
    assert any(line.startswith("ACM001") and line.rstrip().endswith("acme") for line in listed.splitlines())
    assert "From: acme" in run(site, "rule", "nearest-upsample").stdout
    found = run(site, "check", "net.arch.yaml", "--output", "concise")
    assert (found.returncode, "ACM001 warning mode is nearest" in found.stdout) == (1, True), found
    option = run(site, "check", "net.arch.yaml", "--config", "rules.ACM001.tolerate=true", "--select", "ACM")
    assert option.returncode == 0, option
    without = run(site, "check", "net.arch.yaml", "--no-plugins", "--output", "concise")
    assert "ACM001" not in without.stdout
    assert "ACM001" not in run(site, "rule", "--no-plugins").stdout
    tested = run(site, "test-rules", "acme_archlint")
    assert (tested.returncode, tested.stdout) == (0, "1 rules, 2 examples, 0 problems\n")


def plugin(folder: Path, name: str, code: str, version: str = "1.0") -> None:
    """An installed distribution with an entry point, as pip leaves it."""
    info = folder / f"{name}_archlint-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-archlint\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[archlint.rules]\n{name} = {name}_archlint\n")
    (folder / f"{name}_archlint.py").write_text(code)


RULE = """from archlint.api import Model, rule

@rule("{code}", on=Model)
def {name}(model):
    '''Text.'''
    yield "seen"
"""


@pytest.mark.parametrize(
    ("plugins", "sentence"),
    [
        pytest.param(
            {"brk": "from archlint.api import visit"},
            "plugin 'brk' (brk-archlint 1.0): ImportError",
            id="import",
        ),
        pytest.param(
            {"brk": "1 / 0"}, "ZeroDivisionError: division by zero (brk_archlint.py:1)", id="raises"
        ),
        pytest.param({"brk": "raise SystemExit"}, "plugin 'brk' (brk-archlint 1.0): SystemExit", id="exits"),
        pytest.param(
            {"brk": "ARCHLINT_API = 99"}, "needs archlint's rule interface 99, this one has 1", id="api"
        ),
        pytest.param({"brk": "x = ("}, "SyntaxError", id="syntax"),
        pytest.param(
            {
                "one": RULE.format(code="ZZZ001", name="a_rule"),
                "two": RULE.format(code="ZZZ001", name="b_rule"),
            },
            "rule code ZZZ001 is claimed by 'one' (one-archlint 1.0) and 'two' (two-archlint 1.0)",
            id="code clash",
        ),
        pytest.param(
            {
                "one": RULE.format(code="ZZZ001", name="a_rule"),
                "two": RULE.format(code="ZZZ002", name="a_rule"),
            },
            "rule name a-rule is claimed by 'one'",
            id="name clash",
        ),
        pytest.param(
            {"one": RULE.format(code="GRF001", name="a_rule")},
            "rule code GRF001 is claimed by 'builtin'",
            id="code of a built-in rule",
        ),
        pytest.param(
            {"brk": RULE.format(code="zz1", name="a_rule")}, "RuleError: rule code 'zz1'", id="malformed"
        ),
    ],
)
def test_broken_plugins(tmp_path, monkeypatch, plugins, sentence) -> None:
    for name, code in plugins.items():
        plugin(tmp_path, name, code)
        monkeypatch.delitem(sys.modules, f"{name}_archlint", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r".*") as caught:
        collect()
    assert sentence in caught.value.message
    for name in plugins:
        monkeypatch.delitem(sys.modules, f"{name}_archlint", raising=False)
    assert {rule.origin for rule in collect(plugins=False)} == {"builtin"}


def test_plugins_by_name(tmp_path, monkeypatch) -> None:
    plugin(tmp_path, "one", RULE.format(code="ZZZ001", name="a_rule"))
    plugin(tmp_path, "brk", "1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    assert "ZZZ001" in {rule.code for rule in collect(names=["one"])}
    assert "ZZZ001" not in {rule.code for rule in collect(names=[])}
    monkeypatch.delitem(sys.modules, "one_archlint", raising=False)
