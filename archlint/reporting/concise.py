"""One line a finding, for ``grep`` and for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.reporting.full import verdict
from archlint.reporting.safe import printable

if TYPE_CHECKING:
    from archlint.linting import Checked, Finding, Linted
    from archlint.reporting.look import Look


def each(file: Linted, look: Look) -> str:
    """``PATH[:LINE[:COL]]: place: CODE severity message``."""
    return "".join(f"{_line(f, look)}\n" for f in file.findings)


def _line(finding: Finding, look: Look) -> str:
    where = look.draw(printable(finding.location))
    code = look.paint(finding.code, "code")
    return f"{where}: {code} {look.paint(finding.severity, finding.severity)} {look.draw(printable(finding.message))}"


def end(run: Checked, look: Look) -> str:
    """The verdict."""
    return verdict(run, look)
