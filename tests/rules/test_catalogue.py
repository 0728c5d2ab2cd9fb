"""Every built-in rule is complete, and its documented examples show what they say."""

from __future__ import annotations

import re

import pytest

import archlint_rules
from archlint.linting import notices
from archlint.linting.docstring import documentation
from archlint.testing import cases, duplicates, failure, problems, rules_of

RULES = rules_of(archlint_rules)


@pytest.mark.parametrize("rule", [pytest.param(r, id=r.code) for r in RULES])
def test_rule_is_complete(rule) -> None:
    examples = re.compile(rf"{rule.code}\[")
    assert not [text for text in problems(rule, own_file=True) if not examples.match(text)]


@pytest.mark.parametrize("case", [pytest.param(c, id=str(c)) for c in cases(archlint_rules)])
def test_example(case) -> None:
    assert failure(case) is None


def test_codes_and_names_are_unique() -> None:
    taken = [notice for notice in notices().values() if notice.code in {r.code for r in RULES}]
    assert duplicates(RULES) == []
    assert taken == []


@pytest.mark.parametrize("code", sorted(notices()))
def test_what_the_engine_reports_is_documented(code) -> None:
    notice = notices()[code]
    parts = documentation(notice.doc)
    assert parts.summary.endswith(".")
    assert parts.body
    assert parts.sources
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", notice.name)
