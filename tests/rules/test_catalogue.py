"""Every built-in rule is complete, and its documented examples show what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archlint_rules
from archlint.linting import notices
from archlint.linting.docstring import documentation
from archlint.linting.session import Given, Session
from archlint.reporting.rule_page import pages
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


def test_pages_are_fresh() -> None:
    session = Session(Given(plugins=False, isolated=True))
    wanted = pages([session.catalogue[code] for code in sorted(session.catalogue)])
    folder = Path(__file__).parents[2] / "docs" / "rules"
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    stale = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    assert not stale, "write them anew: archlint rule --no-plugins --isolated --output-dir docs/rules"
