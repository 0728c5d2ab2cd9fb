"""JUnit XML: a suite for each model, a case for each rule that ran, so that passes are seen too.

The form is the one that Jenkins' xUnit plugin publishes a schema for:
https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.reporting.full import block
from archlint.reporting.look import Look
from archlint.reporting.safe import printable, xml

if TYPE_CHECKING:
    from archlint.linting import Checked, Finding, Linted

_PLAIN = Look()


def each(file: Linted, look: Look) -> str:
    """Nothing: the document is written at the end."""
    return ""


def end(run: Checked, look: Look) -> str:
    """The document."""
    suites = [_suite(file) for file in run.files]
    suites += [
        f'  <testsuite name="{xml(printable(path))}" tests="1" failures="0" errors="1" skipped="0" time="0">\n'
        f'    <testcase classname="{xml(printable(path))}" name="readable" time="0">'
        f'<error type="missing" message="no such file"/></testcase>\n  </testsuite>\n'
        for path in run.missing
    ]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="archlint">\n{"".join(suites)}</testsuites>\n'


def _suite(file: Linted) -> str:
    found: dict[str, list[Finding]] = {rule.code: [] for rule in (*file.ran, *file.skipped)}
    names = {rule.code: rule.name for rule in (*file.ran, *file.skipped)}
    for finding in file.findings:
        found.setdefault(finding.code, []).append(finding)
        names[finding.code] = finding.name
    skipped = {rule.code for rule in file.skipped}
    path = xml(printable(file.path))
    cases = [
        _case(path, f"{code} {names[code]}", found[code], skip=code in skipped) for code in sorted(found)
    ]
    broken = sum(any(f.code.startswith("INT") for f in fs) for fs in found.values())
    failures = sum(any(f.severity != "info" for f in fs) for fs in found.values()) - broken
    head = (
        f'  <testsuite name="{path}" tests="{len(cases)}" failures="{failures}" errors="{broken}" '
        f'skipped="{len(skipped)}" time="0">\n'
    )
    return f"{head}{''.join(cases)}  </testsuite>\n"


def _case(path: str, name: str, findings: list[Finding], *, skip: bool) -> str:
    head = f'    <testcase classname="{path}" name="{xml(name)}" time="0"'
    if skip:
        return f'{head}><skipped message="weights were not read"/></testcase>\n'
    if not findings:
        return f"{head}/>\n"
    text = "\n\n".join(block(f, _PLAIN) for f in findings)
    message = findings[0].message + (f" (and {len(findings) - 1} more)" if len(findings) > 1 else "")
    body = xml(text).replace("&#10;", "\n")
    if all(f.severity == "info" for f in findings):
        return f"{head}>\n      <system-out>{body}</system-out>\n    </testcase>\n"
    tag = "error" if findings[0].code.startswith("INT") else "failure"
    return (
        f'{head}>\n      <{tag} type="{findings[0].severity}" message="{xml(printable(message))}">'
        f"{body}</{tag}>\n    </testcase>\n"
    )
