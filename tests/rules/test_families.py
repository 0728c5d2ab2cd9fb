"""Where a rule belongs, what shows it, and that no defect of an operator is without one."""

import re
from inspect import getfile
from pathlib import Path

import pytest

import archlint.ops
from archlint.api import collect
from archlint.linting.docstring import documentation

RULES = [pytest.param(r, id=f"{r.code}-{r.name}") for r in collect(plugins=False)]
HERE = Path(__file__).parent
FAMILIES = {
    "ARC": "architecture",
    "BUD": "budgets",
    "CNV": "convolution",
    "GRF": "graph",
    "NUM": "numbers",
    "PRF": "performance",
    "PRT": "portability",
    "RNN": "recurrent",
    "SEC": "security",
    "SHP": "shapes",
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_in_the_folder_of_its_family(rule):
    assert Path(getfile(rule.check)).parent.name == FAMILIES[rule.code[:3]]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_without_examples_is_shown_by_a_test(rule):
    if not documentation(rule.doc).bad:
        texts = [p.read_text() for p in HERE.parent.rglob("test_*.py")]
        assert any(rule.code in text or rule.name in text for text in texts)


def test_every_defect_of_an_operator_has_its_rule():
    sources = [p.read_text() for p in Path(archlint.ops.__file__).parents[1].rglob("*.py")]
    kinds = {k for text in sources for k in re.findall(r'ShapeError\(\s*"([a-z-]+)"', text)}
    kinds |= {k for text in sources for k in re.findall(r'kind = "([a-z]+(?:-[a-z]+)+)"', text)}
    assert len(kinds) > 5
    assert kinds - {r.values[0].name for r in RULES} == set()
