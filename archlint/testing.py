"""Tests for the authors of rules: documented examples are run, and what a rule lacks is told.

In a test module of a plugin::

    import acme_archlint
    from archlint.testing import cases, check_rule, rules_of


    @pytest.mark.parametrize("rule", rules_of(acme_archlint), ids=str)
    def test_rule(rule):
        check_rule(rule)

``archlint test-rules acme_archlint`` does the same from the command line.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from archlint.analyses import Analysis
from archlint.errors import LoadError
from archlint.linting.collect import modules
from archlint.linting.docstring import documentation
from archlint.linting.engine import Settings, run
from archlint.linting.rule import Rule, marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from archlint.linting import Finding

ELSEWHERE = "built in the tests"
"""What ``Example:`` says when a defect cannot be written in YAML."""


@dataclass(frozen=True, slots=True)
class Case:
    """One example of a rule's documentation; ``bad`` ones must be reported, the others must not."""

    rule: Rule
    bad: bool
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.rule.code}[{'bad' if self.bad else 'good'}-{self.number}]"


def rules_of(target: ModuleType | str | Rule | Callable[..., Any]) -> list[Rule]:
    """The rules of a package, a module (or its name), or the one that a marked function is."""
    if isinstance(target, Rule):
        return [target]
    if isinstance(target, str):
        target = import_module(target)
    if isinstance(target, ModuleType):
        return sorted((r for m in modules(target) for r in marked(m)), key=lambda r: r.code)
    mark = getattr(target, "archlint_rule", None)
    return [mark] if isinstance(mark, Rule) else []


def examples(rule: Rule | Callable[..., Any]) -> list[Case]:
    """The examples in a rule's docstring: what follows ``Bad:`` and ``Good:``, several of each allowed."""
    (rule,) = rules_of(rule)
    parts = documentation(rule.doc)
    bad = [Case(rule, True, i, text) for i, text in enumerate(parts.bad)]
    return bad + [Case(rule, False, i, text) for i, text in enumerate(parts.good)]


def cases(target: ModuleType | str) -> list[Case]:
    """Every example of every rule of ``target``, for ``pytest.mark.parametrize``."""
    return [case for rule in rules_of(target) for case in examples(rule)]


def findings(
    rule: Rule | Callable[..., Any], text: str, options: Mapping[str, Any] | None = None
) -> list[Finding]:
    """What ``rule`` alone says about a model written in YAML; raises `LoadError`."""
    from archlint.analyses.incremental import Incremental
    from archlint.loaders.example import parse_example

    (rule,) = rules_of(rule)
    return run(
        Analysis(parse_example(text, Incremental)), [rule], Settings(options={rule.code: options or {}})
    ).findings


def failure(case: Case) -> str | None:
    """Why an example does not show what it says; None when it does."""
    try:
        found = findings(case.rule, case.text)
    except LoadError as error:
        place = f" (line {error.line})" if error.line else ""
        return f"{case}: the example is not a model: {error.code} {error.message}{place}"
    crash = next((f for f in found if f.code == "INT001"), None)
    if crash is not None:
        return f"{case}: {crash.message}"
    if case.bad and not found:
        return f"{case}: the example under 'Bad:' is not reported; change the rule or the example"
    if not case.bad and found:
        return f"{case}: the example under 'Good:' is reported: {found[0].message}"
    return None


def problems(rule: Rule | Callable[..., Any], *, own_file: bool = False) -> list[str]:
    """What a rule lacks, each in a sentence that says what to do.

    With ``own_file`` the rule must stand in a module of its name, as archlint's own do.
    """
    (rule,) = rules_of(rule)
    parts = documentation(rule.doc)
    who = f"{rule.code} ({rule.name})"
    found: list[str] = []
    if not parts.summary:
        found.append(f"{who}: has no docstring; its first line says what the defect is")
    elif not parts.summary.endswith("."):
        found.append(f"{who}: the first line of the docstring does not end with a full stop")
    if not parts.body:
        found.append(f"{who}: the docstring does not say why the defect matters; add a paragraph")
    if not parts.sources:
        found.append(f"{who}: no source; add 'Source:' with the page that says so")
    if parts.example is not None and ELSEWHERE not in parts.example:
        found.append(f"{who}: 'Example:' must say '{ELSEWHERE}'; examples stand under 'Bad:' and 'Good:'")
    if parts.example is None:
        found += [
            f"{who}: no '{label}:' example; add a model in YAML that is {verb}"
            for label, verb, there in (("Bad", "reported", parts.bad), ("Good", "not reported", parts.good))
            if not there
        ]
    for option in rule.options.values():
        names = (option.name, option.name.replace("_", "-"))
        if not any(f"`{n}`" in rule.doc for n in names):
            found.append(f"{who}: option '{names[1]}' is not in the docstring; describe it as ``{names[0]}``")
        if option.default is inspect.Parameter.empty:
            found.append(f"{who}: option '{names[1]}' has no default; give it one")
    module = rule.check.__module__.rpartition(".")[2]
    if own_file and module.lstrip("_") != rule.check.__name__.lstrip("_"):
        found.append(f"{who}: stands in {module}.py; move it to {rule.check.__name__}.py")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", rule.name):
        found.append(f"{who}: the name is not lower-case words; rename the function")
    return found + [text for case in examples(rule) if (text := failure(case)) is not None]


def duplicates(rules: Iterable[Rule]) -> list[str]:
    """Codes and names that more than one rule has."""
    listed = list(rules)
    found = []
    for what in ("code", "name"):
        counts = Counter(getattr(r, what) for r in listed)
        found += [
            f"{what} {value} is used by {n} rules; choose another" for value, n in counts.items() if n > 1
        ]
    return found


def check_rule(rule: Rule | Callable[..., Any], *, own_file: bool = False) -> None:
    """Raise `AssertionError` with everything that a rule lacks."""
    _raise(problems(rule, own_file=own_file))


def check_examples(target: ModuleType | str) -> None:
    """Raise `AssertionError` with everything that the rules of a package or module lack."""
    rules = rules_of(target)
    name = target if isinstance(target, str) else target.__name__
    none = [] if rules else [f"{name}: no function marked with @rule; is the module imported by the package?"]
    _raise(none + duplicates(rules) + [text for rule in rules for text in problems(rule)])


def _raise(sentences: list[str]) -> None:
    if sentences:
        raise AssertionError("\n".join(sentences))
