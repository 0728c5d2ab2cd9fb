"""The page on checking names every setting, and every option of the settings it lists exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archlint.cli.check import command
from archlint.linting.config_schema import BUDGET, KEYS, POLICY
from archlint.reporting.formats import FORMATS

PAGE = (Path(__file__).parents[2] / "docs" / "checking.md").read_text(encoding="utf-8")
TABLE = PAGE.split("| key | value |")[1].split("\n\n")[0]


def test_every_setting_is_in_the_table() -> None:
    named = {
        key
        for row in TABLE.splitlines()
        for key in re.findall(r"`([a-z-]+)`", row.split("|")[1] if row else "")
    }
    assert named == set(KEYS)


@pytest.mark.parametrize("key", sorted({*BUDGET, *POLICY} - {"mults"}))
def test_every_budget_and_policy_is_named(key) -> None:
    assert f"`{key}`" in TABLE


def test_options_exist() -> None:
    known = {name for param in command.params for name in param.opts}
    assert set(re.findall(r"`(--[a-z-]+)", PAGE)) <= known


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_named(name) -> None:
    assert f"`{name}`" in PAGE
