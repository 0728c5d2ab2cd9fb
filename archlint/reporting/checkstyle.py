"""Checkstyle XML, which many review tools read: https://checkstyle.org."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.reporting.safe import printable, xml

if TYPE_CHECKING:
    from archlint.linting import Checked, Finding, Linted
    from archlint.reporting.look import Look


def each(file: Linted, look: Look) -> str:
    """Nothing: the document is written at the end."""
    return ""


def end(run: Checked, look: Look) -> str:
    """The document: a file element for each model, an error element for each finding."""
    files = []
    for file in run.files:
        errors = "".join(_error(f) for f in file.findings)
        files.append(f'  <file name="{xml(printable(file.path))}">\n{errors}  </file>\n')
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<checkstyle version="4.3">\n{"".join(files)}</checkstyle>\n'
    )


def _error(finding: Finding) -> str:
    column = f' column="{finding.column}"' if finding.line and finding.column else ""
    text = finding.sentence
    return (
        f'    <error line="{finding.line or 1}"{column} severity="{finding.severity}" '
        f'message="{xml(printable(text))}" source="archlint.{finding.code}"/>\n'
    )
