"""The rule engine: marking, collecting and running rules."""

from archlint.linting.collect import collect
from archlint.linting.engine import Outcome, Settings, run
from archlint.linting.finding import Finding
from archlint.linting.rule import Findings, Rule, rule

__all__ = ["Finding", "Findings", "Outcome", "Rule", "Settings", "collect", "rule", "run"]
