"""One file checked as planned: load, run, sort out what is not to be shown."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from archlint.analyses import Analysis
from archlint.errors import LoadError, out_of_memory
from archlint.linting.earlier import increases
from archlint.linting.engine import LEVEL, Outcome, Settings, run, unique
from archlint.linting.finding import Finding, fingerprint
from archlint.linting.linted import Linted
from archlint.linting.notice import Notice, notice
from archlint.linting.suppress import suppress
from archlint.ops import Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archlint.linting.rule import Rule
    from archlint.model import Model
    from archlint.symbolic import Dim

POINTER = "IO001"
READS_WEIGHTS = frozenset({"weights", "ranges", "recurrent"})
"""What a rule can need that costs reading the numbers of weights."""


@dataclass(frozen=True, slots=True)
class NodeOverride:
    """Settings for the nodes whose name, or path of bodies and name, a pattern matches."""

    patterns: tuple[str, ...]
    ignored: frozenset[str]
    severity: Mapping[str, str]

    def meets(self, finding: Finding) -> bool:
        """True for a finding at one of the nodes."""
        if finding.node is None:
            return False
        names = (finding.node, f"{finding.graph}/{finding.node}")
        return any(fnmatchcase(name, p) for p in self.patterns for name in names)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with a file: the active rules, their settings, and when the run fails."""

    rules: tuple[Rule, ...] = ()
    settings: Settings = field(default_factory=Settings)
    fail_on: str = "warning"
    min_severity: str = "info"
    weights: str = "auto"
    dims: Mapping[str, Dim | tuple[int, int | None]] = field(default_factory=dict)
    shapes: Mapping[str, tuple[Dim, ...]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    """Codes of notices that are not to be shown."""
    nodes: tuple[NodeOverride, ...] = ()
    lfs: str = "error"
    """What a Git LFS pointer in a model's place is: an ``error``, a ``warn``ing, or passed over (``skip``)."""
    increase: Mapping[str, Any] = field(default_factory=dict)
    """Budgets against an earlier version of the model: ``mult-increase = "2%"``."""
    input_ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Least and greatest values of graph inputs; under the empty name those of every recurrent cell's input."""

    @property
    def failing(self) -> tuple[str, ...]:
        """The levels at which a run fails."""
        return tuple(level for level, rank in LEVEL.items() if rank >= LEVEL[self.fail_on])

    @property
    def active(self) -> tuple[Rule, ...]:
        """The rules that run under the plan's weight policy."""
        if self.weights != "none":
            return self.rules
        return tuple(r for r in self.rules if not r.needs & READS_WEIGHTS)


@dataclass(frozen=True, slots=True)
class Context:
    """What a check of a file needs beside its plan.

    ``load`` reads a model under a weight policy, ``catalogue`` holds every code that a suppression
    may name, ``known`` the fingerprints that are accepted, ``earlier`` the file with an earlier
    version of the model, whose findings are accepted too.
    """

    load: Callable[[str, str], Model]
    catalogue: Mapping[str, Rule | Notice] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    earlier: str | None = None
    suppressions: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)
    """More settings of the analyses: ranges of inputs, calibration data."""


def lint(path: str, plan: Plan, context: Context) -> Linted:
    """What ``plan`` finds in ``path``; a file that cannot be read is a finding, never an exception."""
    started = time.perf_counter()
    seen = _examine(path, plan, context)
    known = set(context.known)
    found = list(seen.findings)
    remarks = [f"{path}: {remark}" for remark in seen.remarks]
    if context.earlier is not None:
        before = _examine(context.earlier, plan, context)
        # that a file was not fetched is about this copy of the repository, not about the model's history
        known |= {f.fingerprint for f in unique(before.findings) if f.code != POINTER}
        if before.analysis is None:
            why = before.findings[0].message if before.findings else "it cannot be read"
            remarks.append(f"{path}: nothing to compare with, the earlier version: {why}")
        elif seen.analysis is not None:
            for grown in increases(plan.increase, before.analysis, seen.analysis, path):
                remarks.append(grown) if isinstance(grown, str) else found.append(grown)
    kept = unique(f for each in found if (f := _as_planned(each, plan)) is not None)
    hidden: list[Finding] = []
    ran = {r.code for r in seen.ran}
    if seen.analysis is not None and context.suppressions:
        kept, hidden = suppress(kept, seen.analysis.model, context.catalogue, ran)
        kept = [_at(f, path) for f in kept if f.code not in plan.ignored]
    new = [f for f in kept if f.fingerprint not in known]
    shown = tuple(f for f in new if LEVEL[f.severity] >= LEVEL[plan.min_severity])
    return Linted(
        path,
        seen.format,
        shown,
        tuple(hidden),
        tuple(f for f in kept if f.fingerprint in known),
        tuple(r for r in plan.rules if seen.format and r.code not in ran),
        seen.ran,
        crashed=seen.crashed,
        fails=any(f.severity in plan.failing for f in new),
        counts=dict(Counter(f.severity for f in new)),
        failing=plan.failing,
        remarks=tuple(remarks),
        pointer=plan.lfs == "skip" and any(f.code == POINTER for f in seen.findings),
        nodes=seen.nodes,
        seconds=time.perf_counter() - started,
        tracebacks=tuple(seen.tracebacks),
        beside=seen.analysis.model.beside if seen.analysis is not None else None,
    )


@dataclass(slots=True)
class _Examined:
    findings: list[Finding]
    analysis: Analysis | None = None
    format: str | None = None
    nodes: int = 0
    ran: tuple[Rule, ...] = ()
    crashed: bool = False
    tracebacks: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def _examine(path: str, plan: Plan, context: Context) -> _Examined:
    """Every finding in ``path``, nothing sorted out yet."""
    active = plan.active
    try:
        model = context.load(path, plan.weights)
        analysis = Analysis(model, dims=plan.dims, shapes=plan.shapes, **_known(plan, context.settings))
        outcome = run(analysis, active, plan.settings)
        findings = noticed(path, model, outcome)
        nodes = sum(len(g.nodes) for g in model.graphs())
        crashed, traces = outcome.crashed, outcome.tracebacks
        return _Examined(findings, analysis, model.format, nodes, active, crashed, traces, outcome.remarks)
    except LoadError as error:
        return _Examined([from_error(path, error)])
    except MemoryError:
        return _Examined([from_error(path, out_of_memory())])
    except (Exception, RecursionError) as error:  # noqa: BLE001 - the other files are still checked
        known = notice("INT002")
        text = f"archlint failed on this model: {type(error).__name__}: {error}"
        mark = fingerprint("INT002")
        finding = Finding(known.code, known.name, known.severity, text, path, fingerprint=mark)
        return _Examined([finding], crashed=True, tracebacks=[traceback.format_exc()])


def _known(plan: Plan, given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` settings of the analyses, over the ranges that the configuration knows."""
    ranges = {name: Interval(*ends, "configured") for name, ends in plan.input_ranges.items() if name}
    found: dict[str, Any] = {"assumed_range": plan.input_ranges.get(""), **given}
    found["input_ranges"] = ranges | dict(given.get("input_ranges", {}))
    return found


def noticed(path: str, model: Model, outcome: Outcome) -> list[Finding]:
    """What loading noticed and weights that could not be read, before what the rules found."""
    for weight in (w for g in model.graphs() for w in g.weights.values() if w.external is not None):
        if weight.reading is None or weight.reading.mode != "none":
            weight.locate()  # whatever rules are selected, a file that is missing is a finding
    told: dict[tuple[str, str], Finding] = {}
    for error in (*model.problems, *outcome.problems):
        told.setdefault((error.code, error.message), from_error(path, error, model.source))
    return [*told.values(), *(_at(f, path) for f in outcome.findings)]


def _at(finding: Finding, path: str) -> Finding:
    return finding if finding.path == path else replace(finding, path=path)


def _as_planned(finding: Finding, plan: Plan) -> Finding | None:
    """``finding`` at the severity configured for it; None when it is to be ignored."""
    if finding.code in plan.ignored:
        return None
    level = plan.settings.severity.get(finding.code)
    for override in plan.nodes:
        if override.meets(finding):
            if finding.code in override.ignored:
                return None
            level = override.severity.get(finding.code, level)
    return finding if level is None else replace(finding, severity=level)


def from_error(path: str, error: LoadError, source: str | None = None) -> Finding:
    """The finding that a `LoadError` is."""
    known = notice(error.code)
    line = error.line
    message = error.message
    for prefix in (f"{path}:", f"{path}: "):
        message = message.removeprefix(prefix).lstrip()
    text: str | None = None
    snippet: tuple[str, ...] = ()
    if error.snippet is not None:
        text, *rest = error.snippet.split("\n")
        snippet = () if error.column is not None else tuple(rest)
    elif source is not None and line is not None:
        lines = source.splitlines()
        text = lines[line - 1] if 0 < line <= len(lines) else None
    if line is None and text is not None:
        snippet, text = (text, *snippet), None
    extra: dict[str, Any] = getattr(error, "data", None) or {}
    return Finding(
        error.code,
        known.name,
        known.severity,
        message,
        path,
        error.help,
        error.notes,
        snippet=snippet,
        line=line,
        column=error.column,
        fingerprint=fingerprint(error.code),
        data=extra,
        source=text,
    )
