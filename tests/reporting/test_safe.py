"""No text from a model can steer what it is shown in."""

from __future__ import annotations

import json
import unicodedata
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlint.reporting import safe

TEXT = st.text(st.characters(exclude_categories=()), max_size=80)


@given(TEXT)
def test_terminal(text) -> None:
    shown = safe.printable(text)
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in shown)
    assert safe.printable(shown) == shown
    shown.encode("utf-8")


@given(TEXT)
def test_xml(text) -> None:
    element = ET.fromstring(f'<a b="{safe.xml(text)}">{safe.xml(text)}</a>')
    assert element.get("b") == element.text if text else True


@given(TEXT)
def test_workflow_commands(text) -> None:
    for shown in (safe.github(text), safe.github_property(text)):
        assert "\n" not in shown
        assert "\r" not in shown
    assert not {":", ","} & set(safe.github_property(text))


@given(
    st.recursive(
        TEXT | st.floats() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)
    )
)
def test_json(value) -> None:
    text = safe.json(value)
    assert text.isascii()
    json.loads(text).__repr__().encode("utf-8")
    assert "</script" not in safe.script(value)


@given(TEXT)
def test_markdown_stays_in_its_cell(text) -> None:
    shown = safe.markdown(text)
    plain = shown.replace("\\\\", "")
    assert "\n" not in plain
    assert all(plain[i - 1] == "\\" for i, c in enumerate(plain) if c in "|`[<")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", '=HYPERLINK("http://x")', "\t=1"])
def test_csv_is_no_formula(text) -> None:
    assert safe.csv(text).lstrip('"')[0] not in "=+-@\t"


def test_long_names_are_cut() -> None:
    assert safe.name("a" * 500) == "a" * 200 + "... (500 characters)"
