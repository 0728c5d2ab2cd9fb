"""The rule tester tells plugin authors what to do, in a sentence each."""

from __future__ import annotations

import pytest

from archlint import testing
from archlint.api import Findings, Node, rule


def complete(conv: Node, *, tolerate: int = 0) -> Findings:
    """A convolution.

    Why, with ``tolerate``.

    Source: ONNX

    Bad:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, weights: {W: [4, 3, 1, 1]}}
    Bad: {op: Conv, kernel_shape: [1, 1]}
    Good: {op: Relu}
    """
    yield "a convolution"


def silent(conv: Node, *, limit: int = 0) -> Findings:
    """No full stop

    Bad: {op: Conv, kernel_shape: [1, 1]}
    Good: {op: Conv, kernel_shape: [
    """
    yield from ()


def crashing(conv: Node) -> Findings:
    """Fails.

    It does.

    Source: ONNX

    Bad: {op: Conv, kernel_shape: [1, 1]}
    Good: {op: Conv, kernel_shape: [1, 1]}
    """
    raise KeyError("scales")
    yield ""


def test_a_complete_rule_has_no_problems() -> None:
    marked = rule("ZZZ001", on="Conv")(complete)
    assert testing.problems(marked) == []
    assert [str(c) for c in testing.examples(marked)] == ["ZZZ001[bad-0]", "ZZZ001[bad-1]", "ZZZ001[good-0]"]
    testing.check_rule(marked)


def test_own_file() -> None:
    (text,) = testing.problems(rule("ZZZ001", on="Conv")(complete), own_file=True)
    assert text.endswith("move it to complete.py")


@pytest.mark.parametrize(
    "sentence",
    [
        "the first line of the docstring does not end with a full stop",
        "the docstring does not say why the defect matters",
        "no source; add 'Source:'",
        "option 'limit' is not in the docstring",
        "ZZZ002[bad-0]: the example under 'Bad:' is not reported",
        "ZZZ002[good-0]: the example is not a model: YML001",
    ],
)
def test_what_is_missing_is_told(sentence) -> None:
    found = testing.problems(rule("ZZZ002", on="Conv")(silent))
    assert any(sentence in text for text in found), found
    with pytest.raises(AssertionError, match="ZZZ002"):
        testing.check_rule(rule("ZZZ002", on="Conv")(silent))


def test_a_rule_that_raises_fails_its_examples() -> None:
    found = testing.problems(rule("ZZZ003", on="Conv")(crashing))
    assert len(found) == 2
    assert all("KeyError" in text for text in found)


def test_duplicates() -> None:
    one, two = (testing.rules_of(rule("ZZZ001", on="Conv")(f))[0] for f in (complete, silent))
    assert testing.duplicates([one, two]) == ["code ZZZ001 is used by 2 rules; choose another"]
