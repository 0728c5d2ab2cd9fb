"""Adding a rule is adding one file: to the example plugin, with nothing else to edit."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from archlint.cli import main
from archlint.testing import check_examples

EXAMPLE = Path(__file__).parents[2] / "fixtures/plugin_example"
RULE = '''from archlint.api import Findings, Node, rule


@rule("ACM002", on="Softmax")
def softmax_over_nothing(node: Node) -> Findings:
    """A softmax over the batch axis.

    It mixes samples that have nothing to do with each other.

    Source: https://onnx.ai/onnx/operators/onnx__Softmax.html

    Bad:
        inputs: {x: [4, 10]}
        layers:
          - {op: Softmax, axis: 0}
    Good:
        inputs: {x: [4, 10]}
        layers:
          - {op: Softmax, axis: 1}
    """
    if node.attrs.get("axis", -1) == 0:
        yield node.at("attribute axis").warning("axis is 0")
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the example plugin that can be imported."""
    shutil.copytree(EXAMPLE / "acme_archlint", tmp_path / "acme_archlint")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    forget()
    yield tmp_path / "acme_archlint"
    forget()


def forget() -> None:
    """Let the next import of the package read its files, whichever test imported another one."""
    for name in [n for n in sys.modules if n.partition(".")[0] == "acme_archlint"]:
        del sys.modules[name]


def outcome() -> tuple[int, str]:
    result = CliRunner().invoke(main, ["test-rules", "acme_archlint"])
    return result.exit_code, result.output


def test_a_rule_is_a_file(package) -> None:
    (package / "softmax_over_nothing.py").write_text(RULE)
    assert outcome() == (0, "2 rules, 4 examples, 0 problems\n")
    check_examples("acme_archlint")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    Source: https://onnx.ai/onnx/operators/onnx__Softmax.html\n", "", "no source; add 'Source:'"),
        ("over the batch axis.", "over the batch axis", "does not end with a full stop"),
        ("axis: 1}", "axis: 0}", "ACM002[good-0]: the example under 'Good:' is reported: axis is 0"),
        ("axis: 0}", "axis: 1}", "ACM002[bad-0]: the example under 'Bad:' is not reported"),
        ("    Good:\n", "    Well:\n", "no 'Good:' example; add a model in YAML that is not reported"),
        ("(node: Node)", "(node: Node, *, wide: int = 3)", "option 'wide' is not in the docstring"),
        ("ACM002", "ACM001", "code ACM001 is used by 2 rules; choose another"),
    ],
)
def test_what_is_missing_is_told_in_a_sentence(package, old, new, message) -> None:
    assert old in RULE
    (package / "softmax_over_nothing.py").write_text(RULE.replace(old, new, 1))
    status, text = outcome()
    assert (status, message in text) == (1, True), text
    with pytest.raises(AssertionError) as caught:
        check_examples("acme_archlint")
    assert message in str(caught.value)
