"""Every rule of family RNN speaks on its bad examples and is silent on its good ones."""

from __future__ import annotations

import pytest

from archlint.api import analyse, collect, run
from archlint.linting.docstring import documentation
from archlint.loaders.example import parse_example

RULES = [r for r in collect(plugins=False) if r.code.startswith("RNN")]


def test_the_family_is_complete():
    assert len(RULES) >= 12


CASES = [
    pytest.param(rule, text, kind == "bad", id=f"{rule.code}-{kind}-{i}")
    for rule in RULES
    for kind in ("bad", "good")
    for i, text in enumerate(getattr(documentation(rule.doc), kind))
]


@pytest.mark.parametrize(("rule", "text", "bad"), CASES)
def test_example(rule, text, bad):
    outcome = run(analyse(parse_example(text)), [rule])
    assert not outcome.crashed, outcome.findings
    assert bool(outcome.findings) == bad


@pytest.mark.parametrize("rule", RULES, ids=[r.code for r in RULES])
def test_every_option_is_explained(rule):
    for name in rule.options:
        assert f"``{name}``" in rule.doc
