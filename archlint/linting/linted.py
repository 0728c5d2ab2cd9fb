"""`Linted`, what a check says about one file, and `Checked`, about all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archlint.linting.engine import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archlint.linting.finding import Finding
    from archlint.linting.notice import Notice
    from archlint.linting.rule import Rule


@dataclass(frozen=True, slots=True)
class Linted:
    """Findings of one file, and what was kept from view and why.

    ``skipped`` are rules that did not run because weights were not to be read. ``counts`` holds the
    new findings by level, those below the level that is shown among them; ``failing`` are the levels
    at which the run fails, ``fails`` says that a finding has one of them.
    """

    path: str
    format: str | None
    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...] = ()
    baselined: tuple[Finding, ...] = ()
    skipped: tuple[Rule, ...] = ()
    ran: tuple[Rule, ...] = ()
    crashed: bool = False
    fails: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    failing: tuple[str, ...] = ()
    pointer: bool = False
    """True for a Git LFS pointer that was passed over."""
    remarks: tuple[str, ...] = ()
    """What could not be compared with an earlier version, and why."""
    nodes: int = 0
    seconds: float = 0.0
    tracebacks: tuple[str, ...] = ()
    beside: tuple[str, ...] | None = None
    """Other files that the result depends on; None when they are not known."""

    @property
    def hidden(self) -> int:
        """New findings below the level that is shown."""
        return max(sum(self.counts.values()) - len(self.findings), 0)

    @property
    def fails_beyond_warnings(self) -> bool:
        """Whether the run fails by this file however many warnings are tolerated."""
        others = any(self.counts.get(level) for level in self.failing if level != "warning")
        return self.fails and (others or not self.counts)


@dataclass(slots=True)
class Checked:
    """A whole run: files in the order given, the rules, the version that ran."""

    files: list[Linted] = field(default_factory=list)
    catalogue: dict[str, Rule | Notice] = field(default_factory=dict)
    version: str = ""
    seconds: float = 0.0
    """Time taken; 0 where it is not to be shown, so that output is reproducible."""
    missing: list[str] = field(default_factory=list)
    exit_zero: bool = False
    stale: bool = False
    """Whether the baseline holds what is gone, where that counts as a failure."""
    max_warnings: int | None = None
    """Warnings that the whole run may have without failing."""
    broken: bool = False
    """Whether a plugin or local rules could not be loaded: what they would have found is unknown."""
    show_suppressed: bool = False
    """Whether machine-readable output holds what is suppressed or accepted too."""

    @property
    def findings(self) -> list[Finding]:
        """Findings of every file."""
        return [f for file in self.files for f in file.findings]

    @property
    def status(self) -> int:
        """0 passed, 1 findings at the failing level, 2 a rule crashed or a path does not exist."""
        if self.missing or self.stale or self.broken or any(f.crashed for f in self.files):
            return 2
        return int(self._fails() and not self.exit_zero)

    def _fails(self) -> bool:
        if self.max_warnings is None:
            return any(f.fails for f in self.files)
        warnings = sum(f.counts.get("warning", 0) for f in self.files)
        return warnings > self.max_warnings or any(f.fails_beyond_warnings for f in self.files)

    def summary(self) -> dict[str, Any]:
        """Counts by severity and of what was kept from view, for machine-readable output."""
        levels = Counter(f.severity for f in self.findings)
        return {
            "models": len(self.files),
            "models_with_findings": sum(bool(f.findings) for f in self.files),
            "findings": sum(levels.values()),
            **{level: levels.get(level, 0) for level in reversed(LEVEL)},
            "suppressed": sum(len(f.suppressed) for f in self.files),
            "baselined": sum(len(f.baselined) for f in self.files),
            "hidden": sum(f.hidden for f in self.files),
            "lfs_pointers": sum(f.pointer for f in self.files),
            "skipped_rules": sorted({r.code for f in self.files for r in f.skipped}),
            "crashed": any(f.crashed for f in self.files),
            "missing_paths": self.missing,
            "status": self.status,
            "version": self.version,
        }
