"""GitLab's code quality report: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from archlint.reporting import safe
from archlint.reporting.address import relative

if TYPE_CHECKING:
    from archlint.linting import Checked, Finding, Linted
    from archlint.reporting.look import Look

_SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}


def each(file: Linted, look: Look) -> str:
    """Nothing: the document is written at the end."""
    return ""


def end(run: Checked, look: Look) -> str:
    """An array of issues."""
    return safe.json([_issue(f) for f in run.findings], indent=1) + "\n"


def _issue(finding: Finding) -> dict[str, Any]:
    path = relative(finding.path)
    broken = finding.severity == "error" and finding.code.startswith("IO")
    key = f"{path}\0{finding.fingerprint}".encode("utf-8", "surrogatepass")
    return {
        "description": safe.printable(finding.sentence),
        "check_name": finding.code,
        "fingerprint": hashlib.sha256(key).hexdigest(),
        "severity": "critical" if broken else _SEVERITIES[finding.severity],
        "location": {"path": path, "lines": {"begin": finding.line or 1}},
    }
