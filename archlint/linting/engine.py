"""Runs rules over a model: one walk for all node rules, findings collected, crashes contained."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archlint.linting.finding import Finding, fingerprint, graph_path
from archlint.model import SEVERITIES, Draft, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archlint.analyses import Analysis
    from archlint.linting.rule import Rule
    from archlint.model import Graph, Place


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is configured to: severities by code, option values by code."""

    severity: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """Findings of one model, worst first, and whether a rule crashed on the way."""

    findings: list[Finding]
    crashed: bool = False


def run(analysis: Analysis, rules: Iterable[Rule], settings: Settings | None = None) -> Outcome:
    """Every finding of ``rules``; a rule that raises becomes INT001 and the others go on."""
    return _Run(analysis, list(rules), settings or Settings()).outcome()


class _Run:
    def __init__(self, analysis: Analysis, rules: list[Rule], settings: Settings) -> None:
        self.analysis = analysis
        self.settings = settings
        self.findings: dict[tuple[str, str, str, str], Finding] = {}
        self.crashed = False
        self.broken: set[str] = set()
        self.model_rules = [r for r in rules if not r.on]
        self.by_kind: dict[str, list[Rule]] = {}
        for rule in rules:
            for kind in rule.on:
                self.by_kind.setdefault(kind, []).append(rule)

    def outcome(self) -> Outcome:
        model = self.analysis.model
        for rule in self.model_rules:
            self._apply(rule, model, model.graph)
        everywhere = self.by_kind.get("*", [])
        for graph in model.graphs():
            for node in graph.nodes:
                for rule in (*self.by_kind.get(node.kind, ()), *everywhere):
                    self._apply(rule, node, graph)
        worst = {level: i for i, level in enumerate(reversed(SEVERITIES))}
        found = sorted(self.findings.values(), key=lambda f: worst[f.severity])
        return Outcome(found, self.crashed)

    def _apply(self, rule: Rule, subject: Any, graph: Graph) -> None:
        if rule.code in self.broken:
            return
        arguments = (subject, self.analysis) if rule.takes_analysis else (subject,)
        try:
            for said in rule.check(*arguments, **self.settings.options.get(rule.code, {})):
                draft = said if isinstance(said, Draft) else _here(subject, graph).says(said)
                self._sign(rule, draft)
        except Exception as error:  # noqa: BLE001 - one broken rule must not cost the others
            self.crashed = True
            self.broken.add(rule.code)
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
            text = f"rule {rule.code} failed: {type(error).__name__}: {error} ({where}); other rules were run"
            place = _here(subject, graph)
            self._add("INT001", "rule-crashed", "error", Draft(text, place))

    def _sign(self, rule: Rule, draft: Draft) -> None:
        level = self.settings.severity.get(rule.code) or draft.severity or rule.severity
        self._add(rule.code, rule.name, level, draft)

    def _add(self, code: str, name: str, level: str, draft: Draft) -> None:
        place = draft.place
        node = place.node
        path = graph_path(place.graph)
        finding = Finding(
            code,
            name,
            level,
            draft.message,
            self.analysis.model.path,
            draft.help,
            draft.notes,
            draft.snippet,
            place.line if place.line is not None else node.line if node is not None else None,
            node.column if node is not None else None,
            path,
            node.label if node is not None else None,
            node.op_type if node is not None else None,
            place.subject,
            fingerprint(code, path, node, place.subject),
            draft.data or {},
        )
        self.findings.setdefault((code, path, finding.node or "", draft.message), finding)


def _here(subject: Any, graph: Graph) -> Place:
    return subject.at() if isinstance(subject, Node) else graph.at()
