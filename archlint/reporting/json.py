"""One JSON document: summary, models, findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.reporting import safe
from archlint.reporting.jsonl import row

if TYPE_CHECKING:
    from archlint.linting import Checked, Linted
    from archlint.reporting.look import Look


def each(file: Linted, look: Look) -> str:
    """Nothing: the document is written at the end."""
    return ""


def end(run: Checked, look: Look) -> str:
    """The document."""
    document: dict[str, Any] = {
        "schema": "archlint/1",
        "version": run.version,
        "summary": run.summary(),
        "models": [{"path": f.path, "format": f.format, "nodes": f.nodes} for f in run.files],
        "findings": [
            {**row(finding), "suppressed": suppressed, "baselined": baselined}
            for file in run.files
            for findings, suppressed, baselined in (
                (file.findings, False, False),
                (file.suppressed, True, False),
                (file.baselined, False, True),
            )
            for finding in findings
        ],
    }
    return safe.json(document, indent=1) + "\n"
