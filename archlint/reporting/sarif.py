"""SARIF 2.1.0, for code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.

What is suppressed or accepted is left out unless asked for: code scanning opens an alert for it too.

A finding in a binary file has no line, yet code scanning wants one and refuses results without it,
so it is put on line 1 with its own fingerprint; the place in the graph is the logical location.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.linting.docstring import documentation
from archlint.linting.engine import LEVEL
from archlint.linting.notice import notice
from archlint.reporting import safe
from archlint.reporting.address import address, outside, relative
from archlint.reporting.rule_page import markdown

if TYPE_CHECKING:
    from archlint.linting import Checked, Finding, Linted, Notice, Rule
    from archlint.reporting.look import Look

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_RESULTS = 5_000
"""Results that code scanning keeps of a run."""
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def each(file: Linted, look: Look) -> str:
    """Nothing: the document is written at the end."""
    return ""


def end(run: Checked, look: Look) -> str:
    """The document: one run, a result for each finding."""
    kept = [
        (finding, state)
        for file in run.files
        for findings, state in (
            (file.findings, ""),
            (file.baselined if run.show_suppressed else (), "unchanged"),
            (file.suppressed if run.show_suppressed else (), "inSource"),
        )
        for finding in findings
    ]
    kept.sort(key=lambda pair: -LEVEL[pair[0].severity])
    dropped = len(kept) - MAX_RESULTS
    kept = kept[:MAX_RESULTS]
    ran = {r.code: r for f in run.files for r in f.ran}
    entries: dict[str, Rule | Notice] = dict(ran)
    for finding, _ in kept:
        entries.setdefault(finding.code, run.catalogue.get(finding.code) or notice(finding.code))
    codes = sorted(entries)
    index = {code: i for i, code in enumerate(codes)}
    notes = [_notification(f"no such file: {path}") for path in run.missing]
    if dropped > 0:
        notes.append(_notification(f"{dropped} findings of the lowest severities are left out", "warning"))
    notes += [_notification(f.message) for f, _ in kept if f.code.startswith("INT")]
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "archlint",
                        "semanticVersion": run.version,
                        "rules": [_rule(entries[code]) for code in codes],
                    }
                },
                "automationDetails": {"id": "archlint/"},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
                "invocations": [
                    {
                        "executionSuccessful": run.status != 2,
                        "exitCode": run.status,
                        "toolExecutionNotifications": notes,
                    }
                ],
                "results": [_result(finding, state, index) for finding, state in kept],
            }
        ],
    }
    return safe.json(document, indent=1) + "\n"


def _notification(text: str, level: str = "error") -> dict[str, Any]:
    return {"level": level, "message": {"text": text}}


def _rule(entry: Rule | Notice) -> dict[str, Any]:
    parts = documentation(entry.doc)
    page = markdown(entry)
    tags = [entry.code.rstrip("0123456789"), *(f"needs-{n}" for n in sorted(entry.needs))]
    return {
        "id": entry.code,
        "name": "".join(word.capitalize() for word in entry.name.split("-")),
        "shortDescription": {"text": parts.summary or entry.name},
        "fullDescription": {"text": " ".join(parts.body.split()) or parts.summary or entry.name},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": _LEVELS[entry.severity]},
        "properties": {
            "tags": tags,
            "problem.severity": {"info": "recommendation"}.get(entry.severity, entry.severity),
            "precision": "high",
        },
    }


def _artifact(path: str) -> dict[str, str]:
    return {"uri": address(path)} | ({} if outside(path) else {"uriBaseId": "SRCROOT"})


def _result(finding: Finding, state: str, index: dict[str, int]) -> dict[str, Any]:
    text = finding.sentence
    if finding.help:
        text += f". {finding.help}"
    region: dict[str, Any] = {"startLine": finding.line or 1}
    if finding.line and finding.column:
        region["startColumn"] = finding.column
    logical: dict[str, Any] = {"fullyQualifiedName": f"{relative(finding.path)}::{finding.graph or 'main'}"}
    if finding.node is not None:
        logical["fullyQualifiedName"] += f"/{finding.node}"
        logical |= {
            "name": finding.node,
            "decoratedName": f"{finding.op_type} {finding.node}",
            "kind": "node",
        }
    else:
        logical |= {"name": finding.graph or "main", "kind": "graph"}
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": safe.lines(text)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(finding.path),
                    "region": region,
                },
                "logicalLocations": [logical],
            }
        ],
        "partialFingerprints": {
            "primaryLocationLineHash": f"{finding.fingerprint[:16]}:1",
            "archlint/v1": finding.fingerprint,
        },
    }
    if state == "unchanged":
        result["baselineState"] = "unchanged"
        result["suppressions"] = [{"kind": "external"}]
    elif state:
        result["suppressions"] = [{"kind": state}]
    return result
