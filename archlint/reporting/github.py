"""Workflow commands that annotate a pull request; the findings in full go to the log below them.

Of a step's commands only ten errors and ten warnings are shown, so the tenth says how many more
there are. https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.reporting import concise
from archlint.reporting.address import relative
from archlint.reporting.safe import github, github_property

if TYPE_CHECKING:
    from archlint.linting import Checked, Finding, Linted
    from archlint.reporting.look import Look

SHOWN = 10
_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def each(file: Linted, look: Look) -> str:
    """The findings as lines of the log."""
    return concise.each(file, look)


def end(run: Checked, look: Look) -> str:
    """The commands, worst first, then the verdict."""
    lines = []
    for level, command in _COMMANDS.items():
        found = [f for f in run.findings if f.severity == level]
        many = len(found) > SHOWN
        lines += [_command(f, command) for f in (found[: SHOWN - 1] if many else found)]
        if many:
            rest = found[SHOWN - 1]
            text = f"... and {len(found) - SHOWN + 1} more of this severity, see the log"
            lines.append(
                f"::{command} file={github_property(relative(rest.path))},line=1,title=archlint::{text}"
            )
    lines += [f"::error title=archlint::{github(f'no such file: {path}')}" for path in run.missing]
    return "".join(f"{line}\n" for line in lines) + concise.end(run, look)


def _command(finding: Finding, command: str) -> str:
    fields = [f"file={github_property(relative(finding.path))}", f"line={finding.line or 1}"]
    if finding.line and finding.column:
        fields.append(f"col={finding.column}")
    fields.append(f"title={github_property(f'archlint {finding.code} {finding.name}')}")
    text = finding.sentence
    if finding.help:
        text += f"\nhelp: {finding.help}"
    return f"::{command} {','.join(fields)}::{github(text)}"
