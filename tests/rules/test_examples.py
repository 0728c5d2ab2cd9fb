"""The Bad and Good models in the documentation of every rule, run."""

import pytest

from archlint.api import Analysis, Settings, collect, run
from archlint.linting.docstring import documentation
from archlint.loaders.example import parse_example

RULES = [r for r in collect(plugins=False) if r.origin == "builtin"]
EXAMPLES = [
    pytest.param(rule, kind, text, id=f"{rule.code}-{rule.name}-{kind}{i}")
    for rule in RULES
    for kind in ("bad", "good")
    for i, text in enumerate(getattr(documentation(rule.doc), kind))
]


@pytest.mark.parametrize(("rule", "kind", "text"), EXAMPLES)
def test_example(rule, kind, text):
    analysis = Analysis(parse_example(text))
    missing = [
        s.node.kind for scope in analysis.shapes.scopes for s in scope.steps if s.reason == "unknown operator"
    ]
    if missing:
        pytest.skip(f"no definition yet of {missing}")
    outcome = run(analysis, [rule], Settings())
    assert not outcome.crashed, outcome.findings
    codes = {f.code for f in outcome.findings}
    assert codes == ({rule.code} if kind == "bad" else set()), [f.message for f in outcome.findings]
