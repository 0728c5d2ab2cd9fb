"""Findings under the name of their file, in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.reporting.full import verdict
from archlint.reporting.look import columns
from archlint.reporting.safe import printable

if TYPE_CHECKING:
    from archlint.linting import Checked, Linted
    from archlint.reporting.look import Look


def each(file: Linted, look: Look) -> str:
    """The file, then a line a finding: place, code, severity, message."""
    if not file.findings:
        return ""
    rows = []
    for finding in file.findings:
        where = "" if finding.line is None else f"{finding.line}:{finding.column or 1} "
        rows.append((look.draw(printable(where + finding.place)) or "-", finding))
    width = min(max(columns(place) for place, _ in rows), look.width // 2)
    lines = [look.paint(look.draw(printable(file.path)), "code")]
    for place, finding in rows:
        pad = " " * max(width - columns(place), 0)
        level = look.paint(finding.severity, finding.severity) + " " * (7 - len(finding.severity))
        lines.append(f"  {place}{pad}  {finding.code} {level} {look.draw(printable(finding.message))}")
    return "\n".join(lines) + "\n\n"


def end(run: Checked, look: Look) -> str:
    """The verdict."""
    return verdict(run, look)
