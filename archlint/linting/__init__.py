"""The rule engine: marking, collecting and running rules, and sorting out what they find."""

from archlint.linting.collect import collect
from archlint.linting.engine import Outcome, Settings, run
from archlint.linting.finding import Finding
from archlint.linting.lint import Context, Plan, lint
from archlint.linting.linted import Checked, Linted
from archlint.linting.notice import Notice, notice, notices
from archlint.linting.rule import Findings, Rule, rule

__all__ = [
    "Checked",
    "Context",
    "Finding",
    "Findings",
    "Linted",
    "Notice",
    "Outcome",
    "Plan",
    "Rule",
    "Settings",
    "collect",
    "lint",
    "notice",
    "notices",
    "rule",
    "run",
]
