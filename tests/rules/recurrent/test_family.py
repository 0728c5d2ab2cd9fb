"""The RNN family: as many rules as were promised, every option explained; test_catalogue runs the examples."""

from __future__ import annotations

import pytest

from archlint.api import collect

RULES = [r for r in collect(plugins=False) if r.code.startswith("RNN")]


def test_the_family_is_complete():
    assert len(RULES) >= 12


@pytest.mark.parametrize("rule", RULES, ids=[r.code for r in RULES])
def test_every_option_is_explained(rule):
    for name in rule.options:
        assert f"``{name}``" in rule.doc
