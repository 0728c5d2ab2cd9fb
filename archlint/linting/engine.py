"""Runs rules over a model: one walk for all node rules, findings collected, crashes contained."""

from __future__ import annotations

import traceback
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from archlint.errors import LoadError
from archlint.linting.drawing import draw
from archlint.linting.finding import Finding, fingerprint
from archlint.linting.identity import Identities
from archlint.model import SEVERITIES, Draft, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archlint.analyses import Analysis
    from archlint.analyses.likeness import Likeness
    from archlint.linting.rule import Rule
    from archlint.model import Graph, Place

MAX_DRAWINGS = 1_000
MOST = 10_000
"""Findings of one rule in one model; who has more needs no longer list."""

NONE: dict[str, Any] = {}
LEVEL = {level: i for i, level in enumerate(SEVERITIES)}


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
    tracebacks: list[str] = field(default_factory=list)
    problems: list[LoadError] = field(default_factory=list)
    """Weights that a rule wanted to read and could not."""
    remarks: list[str] = field(default_factory=list)
    """What the findings leave out."""


class _Enough(Exception):
    """A rule has told as many findings as anybody reads."""


def run(analysis: Analysis, rules: Iterable[Rule], settings: Settings | None = None) -> Outcome:
    """Every finding of ``rules``; a rule that raises becomes INT001 and the others go on."""
    return _Run(analysis, list(rules), settings or Settings()).outcome()


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules that look at nodes of one kind."""

    every: tuple[Rule, ...]
    local: tuple[Rule, ...]
    others: tuple[Rule, ...]


def _subscribed(rules: Iterable[Rule], kind: str) -> _Rules:
    every = [r for subscription in (kind, "*") for r in rules if subscription in r.on]
    local = tuple(r for r in every if r.local)
    return _Rules(tuple(every), local, tuple(r for r in every if not r.local))


class _Run:
    def __init__(self, analysis: Analysis, rules: list[Rule], settings: Settings) -> None:
        self.analysis = analysis
        self.settings = settings
        self.identities = Identities(analysis.model)
        self.lines = analysis.model.source.splitlines() if analysis.model.source else []
        self.findings: dict[tuple[str, ...], Finding] = {}
        self.places: dict[tuple[str, ...], Place] = {}
        self.crashed = False
        self.broken: set[str] = set()
        self.tracebacks: list[str] = []
        self.problems: dict[str, LoadError] = {}
        self.told: Counter[str] = Counter()
        self.remarks: list[str] = []
        self.model_rules = [r for r in rules if not r.on]
        self.node_rules = [r for r in rules if r.on]
        self.by_kind: dict[str, _Rules] = {}
        self.silent: set[Likeness] = set()

    def outcome(self) -> Outcome:
        model = self.analysis.model
        for rule in self.model_rules:
            self._apply(rule, model, model.graph)
        for graph in model.graphs() if self.node_rules else ():
            for node in graph.nodes:
                kind = node.kind
                rules = self.by_kind.get(kind)
                if rules is None:
                    rules = self.by_kind[kind] = _subscribed(self.node_rules, kind)
                if rules.every:
                    self._visit(rules, node, graph)
        self._draw()
        found = sorted(unique(self.findings.values()), key=lambda f: (-LEVEL[f.severity], f.line or 0))
        return Outcome(found, self.crashed, self.tracebacks, list(self.problems.values()), self.remarks)

    def _visit(self, rules: _Rules, node: Node, graph: Graph) -> None:
        """Every rule on ``node``; the local ones unless they were silent on one that is alike."""
        alike = self.analysis.shapes.alike(node) if rules.local else None
        if alike is not None and alike in self.silent:
            for rule in rules.others:
                self._apply(rule, node, graph)
            return
        silent = True
        for rule in rules.every:
            if self._apply(rule, node, graph) and rule.local:
                silent = False
        if silent and alike is not None:
            self.silent.add(alike)

    def _apply(self, rule: Rule, subject: Any, graph: Graph) -> bool:
        """Run one rule on one subject; True when it says something or fails."""
        if rule.code in self.broken:
            return True
        said = None
        options = self.settings.options.get(rule.code, NONE)
        try:
            statements = (
                rule.check(subject, self.analysis, **options)
                if rule.takes_analysis
                else rule.check(subject, **options)
            )
            for said in statements:
                draft = said if isinstance(said, Draft) else _here(subject, graph).says(said)
                _check(draft)
                self._sign(rule, draft)
        except _Enough:
            self.broken.add(rule.code)
            self.remarks.append(f"{rule.code} {rule.name}: only the first {MOST:,} findings are told")
            return True
        except LoadError as error:
            self.problems.setdefault(error.message, error)
            return True
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - one broken rule must not cost the others
            self.crashed = True
            self.broken.add(rule.code)
            self.tracebacks.append(traceback.format_exc())
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{'/'.join(last.filename.replace(chr(92), '/').split('/')[-2:])}:{last.lineno}"
            place = _here(subject, graph)
            at = (
                f"{self.analysis.model.path}: node '{place.node.label}' ({place.node.op_type})"
                if place.node
                else self.analysis.model.path
            )
            reason = str(error)
            reason = f" {reason}" if reason.startswith("'") else f": {reason}"
            text = f"rule {rule.code} failed at {at}: {type(error).__name__}{reason} ({where}); other rules were run"
            draft = Draft(text, place, help=f"--ignore {rule.code} leaves the rule out")
            self._add("INT001", "rule-crashed", "error", draft)
            return True
        return said is not None

    def _sign(self, rule: Rule, draft: Draft) -> None:
        self.told[rule.code] += 1
        if self.told[rule.code] > MOST:
            raise _Enough
        level = self.settings.severity.get(rule.code) or draft.severity or rule.severity
        self._add(rule.code, rule.name, level, draft)

    def _add(self, code: str, name: str, level: str, draft: Draft) -> None:
        place = draft.place
        node = place.node
        path = self.identities.path(place.graph)
        line = place.line if place.line is not None else node.line if node is not None else None
        subject = place.subject
        key = (code, path, node.label if node is not None else "", subject or "", draft.message)
        if key in self.findings:
            return
        if node is not None and not node.name and subject is None and any(node.outputs):
            subject = f"output {next(n for n in node.outputs if n)}"
        self.places[key] = place
        self.findings[key] = Finding(
            code,
            name,
            level,
            draft.message,
            self.analysis.model.path,
            draft.help,
            draft.notes,
            draft.snippet,
            line,
            node.column if node is not None and line == node.line else None,
            path,
            node.label if node is not None else None,
            node.op_type if node is not None else None,
            subject,
            fingerprint(
                code,
                self.identities.stable_path(place.graph),
                self.identities.of(node) if node is not None else "",
                self.identities.subject(place),
            ),
            draft.data or {},
            self.lines[line - 1] if line is not None and 0 < line <= len(self.lines) else None,
        )

    def _draw(self) -> None:
        """Add a drawing of the node, where the rules have had the shapes computed anyway."""
        if "shapes" not in self.analysis.__dict__:
            return
        for key, place in list(self.places.items())[:MAX_DRAWINGS]:
            finding = self.findings[key]
            if place.node is not None and not finding.snippet and finding.code != "INT001":
                self.findings[key] = replace(finding, snippet=draw(place.node, self.analysis, place.subject))


def unique(findings: Iterable[Finding]) -> list[Finding]:
    """``findings`` with fingerprints told apart: the second defect of a kind at one place counts on."""
    seen: dict[str, int] = {}
    result = []
    for finding in findings:
        count = seen[finding.fingerprint] = seen.get(finding.fingerprint, 0) + 1
        if count > 1:
            finding = replace(finding, fingerprint=fingerprint(finding.fingerprint, str(count)))  # noqa: PLW2901
        result.append(finding)
    return result


def _check(draft: Draft) -> None:
    """Raise for what a rule yields and no format could write."""
    if not isinstance(draft.message, str):
        raise TypeError(f"a rule yields texts or drafts, not {type(draft.message).__name__}")
    if draft.severity is not None and draft.severity not in LEVEL:
        raise ValueError(f"severity {draft.severity!r} is none of {', '.join(LEVEL)}")


def _here(subject: Any, graph: Graph) -> Place:
    return subject.at() if isinstance(subject, Node) else graph.at()
