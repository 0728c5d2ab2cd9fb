"""One JSON object a finding and line, then one with the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.reporting import safe

if TYPE_CHECKING:
    from archlint.linting import Checked, Finding, Linted
    from archlint.reporting.look import Look


def row(finding: Finding) -> dict[str, Any]:
    """A finding as the contract of the machine-readable output has it."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "message": finding.message,
        "help": finding.help,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "graph": finding.graph,
        "node": finding.node,
        "op": finding.op_type,
        "subject": finding.subject,
        "location": finding.location,
        "notes": list(finding.notes),
        "data": finding.data,
        "fingerprint": finding.fingerprint,
    }


def each(file: Linted, look: Look) -> str:
    """The findings of one file."""
    return "".join(safe.json(row(f)) + "\n" for f in file.findings)


def end(run: Checked, look: Look) -> str:
    """The summary."""
    return safe.json({"summary": run.summary()}) + "\n"
