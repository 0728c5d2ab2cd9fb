"""A table of findings for a pull request's comment or a job's summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.reporting.full import verdict
from archlint.reporting.look import Look
from archlint.reporting.safe import markdown, printable

if TYPE_CHECKING:
    from archlint.linting import Checked, Linted

SHOWN = 200
_SIGNS = {"error": "🔴", "warning": "🟡", "info": "🔵"}


def each(file: Linted, look: Look) -> str:
    """Nothing: the document is written at the end."""
    return ""


def end(run: Checked, look: Look) -> str:
    """The document."""
    lines = ["## archlint", "", markdown(verdict(run, Look()).strip() or "No models."), ""]
    found = run.findings
    if found:
        lines += ["| | code | place | finding |", "|---|---|---|---|"]
    for f in found[:SHOWN]:
        text = f"{f.message} ({f.help})" if f.help else f.message
        lines.append(
            f"| {_SIGNS[f.severity]} | {f.code} {f.name} | {markdown(f.location)} | {markdown(text)} |"
        )
    if len(found) > SHOWN:
        lines.append(f"| | | | and {len(found) - SHOWN} more |")
    lines += [f"- no such file: {markdown(printable(path))}" for path in run.missing]
    return "\n".join(lines).rstrip() + "\n"
