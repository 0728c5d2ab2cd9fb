"""Repairs of YAML models: layers that do nothing are taken out of the text, the rest is not touched."""

from __future__ import annotations

import difflib
import os
import tempfile
from typing import TYPE_CHECKING

import click

from archlint.cli.shared import warn
from archlint.errors import LoadError

if TYPE_CHECKING:
    from archlint.api import Analysis, Finding
    from archlint.linting import Plan
    from archlint.model import Node

ROUNDS = 200
DEAD = "dead-node"
BYPASSED = frozenset({"identity-operator", "neutral-arithmetic"})


def repair_yaml(path: str, plan: Plan, *, diff: bool, in_place: bool) -> str | None:
    """Repair ``path``: write a new file beside it or the file itself, or only show the difference."""
    from archlint.loaders.rewrite import replacing
    from archlint.reporting.safe import printable

    try:
        with open(path, encoding="utf-8", newline="") as file:
            before = text = file.read()
    except (OSError, UnicodeDecodeError):
        return None
    said: list[str] = []
    for _ in range(ROUNDS):
        step = _step(path, text, plan)
        if step is None:
            break
        text, what = step
        said.append(what)
    if not said:
        return None
    if diff:
        rows = difflib.unified_diff(
            before.splitlines(), text.splitlines(), path, f"{path} (repaired)", lineterm="", n=2
        )
        click.echo("\n".join(printable(row) for row in rows))
        return None
    stem, suffix = _split(path)
    target = path if in_place else f"{stem}.fixed{suffix}"
    try:
        with replacing(target) as file:
            file.write(text.encode("utf-8"))
    except OSError as error:
        warn(f"{target}: cannot be written: {error.strerror}", "error")
        return None
    for what in said:
        warn(f"{path}: {what}", "fixed")
    warn(f"wrote {target}", "note")
    return target


def _split(path: str) -> tuple[str, str]:
    stem, suffix = os.path.splitext(path)
    return (stem.removesuffix(".arch"), f".arch{suffix}") if stem.endswith(".arch") else (stem, suffix)


def _step(path: str, text: str, plan: Plan) -> tuple[str, str] | None:
    """The text after one repair, and what was done; None when there is nothing more to do."""
    from archlint.linting.suppress import suppress
    from archlint.loaders.rewrite_yaml import same_but_for, without_layer

    analysis = _analysis(path, text, plan)
    if analysis is None:
        return None
    from archlint.api import run

    rules = [r for r in plan.active if r.name == DEAD or r.name in BYPASSED]
    found = run(analysis, rules, plan.settings).findings
    kept, _ = suppress(found, analysis.model, {r.code: r for r in rules}, ())
    nodes = {n.name: n for n in analysis.model.graph.nodes}
    for finding in kept:
        node = nodes.get(finding.node or "")
        if finding.graph or node is None or node.line is None:
            continue
        changed = without_layer(text, node.line)
        later = _analysis(path, changed, plan) if changed is not None else None
        if changed is None or later is None:
            continue
        source = None if finding.name == DEAD else _passed_on(finding, node)
        if (source is None) == (finding.name == DEAD) and same_but_for(
            analysis.model, later.model, node, source
        ):
            return changed, f"removed {node.op_type} '{node.name}' (line {node.line})"
    return None


def _passed_on(finding: Finding, node: Node) -> str | None:
    """The input that a node hands on unchanged."""
    neutral = (finding.subject or "").partition(" ")[2]
    return next((name for name in node.inputs if name and name != neutral), None)


def _analysis(path: str, text: str, plan: Plan) -> Analysis | None:
    """The analyses of a text in the place of ``path``, where its weights are; None when it is refused."""
    from archlint.api import analyse, load

    folder = os.path.dirname(os.path.abspath(path))
    handle, copy = tempfile.mkstemp(prefix=".archlint-", suffix=".arch.yaml", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        analysis = analyse(load(copy, weights=plan.weights), dims=plan.dims, shapes=plan.shapes)  # type: ignore[arg-type]
        analysis.shapes  # noqa: B018 - what it reads must be read while the copy is there
    except LoadError:
        return None
    finally:
        os.unlink(copy)
    return analysis
