"""Suppressions that stand in a model: comments in YAML, ``archlint.ignore`` in ONNX's metadata.

``# archlint: ignore[RNN001] reason`` behind a line, or alone above it, hides findings of the layer that the
line belongs to; ``# archlint: ignore-file[RNN001]`` those of the file. In ONNX a node or the model has the
metadata property ``archlint.ignore`` with the value ``RNN001,SHP``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archlint.errors import ConfigError
from archlint.linting.finding import Finding, fingerprint
from archlint.linting.identity import Identities
from archlint.linting.notice import notice
from archlint.linting.select import ALL, Selector, selector

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from archlint.linting.notice import Notice
    from archlint.linting.rule import Rule
    from archlint.model import Model

KEY = "archlint.ignore"
_COMMENT = re.compile(r"(?:^|\s)#\s*archlint:\s*ignore(?P<file>-file)?\s*(?:\[(?P<codes>[^\]]*)\])?")
_OWN_LINE = re.compile(r"^\s*(#.*)?$")


@dataclass(slots=True)
class Suppression:
    """Codes that are not to be reported at a place; ``line`` or ``node`` None means in the whole file."""

    text: str
    codes: frozenset[str] = frozenset()
    line: int | None = None
    written: int | None = None
    """The line of the comment itself."""
    node: tuple[str, str] | None = None
    """Path of bodies, and label of the node."""
    used: set[str] = field(default_factory=set)


def suppress(
    findings: Iterable[Finding], model: Model, catalogue: Mapping[str, Rule | Notice], ran: Collection[str]
) -> tuple[list[Finding], list[Finding]]:
    """Findings that stay, with what is wrong with the suppressions, and findings that are hidden.

    A suppression of a rule that did not run is not called unused.
    """
    found, wrong = _in_text(model, catalogue)
    more, bad = _in_metadata(model, catalogue)
    found += more
    wrong += bad
    if not found and not wrong:
        return list(findings), []
    owners = sorted({n.line for g in model.graphs() for n in g.nodes if n.line is not None})
    kept: list[Finding] = []
    hidden: list[Finding] = []
    for finding in findings:
        meant = [s for s in found if finding.code in s.codes and _meets(s, finding, owners)]
        for suppression in meant:
            suppression.used.add(finding.code)
        (hidden if meant else kept).append(finding)
    wrong += [
        _about("CFG010", f"nothing to ignore here: {s.text}", s, model)
        for s in found
        if not s.used and s.codes & set(ran)
    ]
    return kept + wrong, hidden


def _meets(suppression: Suppression, finding: Finding, owners: list[int]) -> bool:
    if suppression.node is not None:
        return suppression.node == (finding.graph, finding.node)
    if suppression.line is None:
        return True
    if finding.line is None:
        return False
    position = bisect_right(owners, suppression.line)
    return finding.line == suppression.line or (position > 0 and owners[position - 1] == finding.line)


def _in_text(model: Model, catalogue: Mapping[str, Rule | Notice]) -> tuple[list[Suppression], list[Finding]]:
    lines = model.source.splitlines() if model.source else []
    found: list[Suppression] = []
    wrong: list[Finding] = []
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line) if "archlint" in line else None
        if match is None:
            continue
        place = number
        if _OWN_LINE.match(line):
            below = (n for n, text in enumerate(lines[number:], number + 1) if not _OWN_LINE.match(text))
            place = next(below, number)
        here = Suppression(match[0].strip(), line=None if match["file"] else place, written=number)
        _read(match["codes"] or "", here, catalogue, found, wrong, model)
    return found, wrong


def _in_metadata(
    model: Model, catalogue: Mapping[str, Rule | Notice]
) -> tuple[list[Suppression], list[Finding]]:
    found: list[Suppression] = []
    wrong: list[Finding] = []
    if KEY in model.metadata:
        text = model.metadata[KEY]
        _read(text, Suppression(f"{KEY} = {text}"), catalogue, found, wrong, model)
    paths = Identities(model)
    for graph in model.graphs():
        for node in graph.nodes:
            if KEY in node.metadata:
                text = node.metadata[KEY]
                here = Suppression(f"{KEY} = {text}", node=(paths.path(graph), node.label))
                _read(text, here, catalogue, found, wrong, model)
    return found, wrong


def _read(
    text: str,
    here: Suppression,
    catalogue: Mapping[str, Rule | Notice],
    found: list[Suppression],
    wrong: list[Finding],
    model: Model,
) -> None:
    names = [part for part in re.split(r"[,\s]+", text) if part]
    if not names:
        wrong.append(_about("CFG011", f"'{here.text}' names no code, so it ignores nothing", here, model))
    for name in names:
        try:
            chosen = _selector(name, catalogue)
        except ConfigError as error:
            wrong.append(_about("CFG011", f"'{here.text}': {error.message}", here, model, error.help))
            continue
        found.append(Suppression(here.text, chosen.codes, here.line, here.written, here.node))


def _selector(name: str, catalogue: Mapping[str, Rule | Notice]) -> Selector:
    if name.upper() == ALL:
        raise ConfigError("ALL hides what nobody has seen yet", help="name the codes")
    return selector(name, catalogue.values())


def _about(
    code: str, text: str, suppression: Suppression, model: Model, help_text: str | None = None
) -> Finding:
    known = notice(code)
    graph, label = suppression.node or ("", None)
    node = next(
        (n for g in model.graphs() for n in g.nodes if n.label == label and KEY in n.metadata),
        None,
    )
    lines = model.source.splitlines() if model.source else []
    written = suppression.written
    return Finding(
        code,
        known.name,
        known.severity,
        text,
        model.path,
        help_text,
        line=written,
        graph=graph,
        node=label,
        op_type=node.op_type if node is not None else None,
        fingerprint=fingerprint(code, suppression.text, graph, label or ""),
        source=lines[written - 1] if written is not None else None,
    )
