"""Repairs for ``archlint check --fix``: found by the rules, made by the rewriter, checked again."""

from __future__ import annotations

import difflib
import os
import tempfile
from typing import TYPE_CHECKING

import click

from archlint.cli.shared import warn
from archlint.errors import LoadError

if TYPE_CHECKING:
    import onnx

    from archlint.api import Analysis
    from archlint.linting import Finding, Plan
    from archlint.loaders.rewrite import Wish

ROUNDS = 20
DECLARED = "declared-shape-contradiction"


def repair(path: str, plan: Plan, catalogue: dict[str, bool], *, diff: bool, in_place: bool) -> str | None:
    """Repair ``path``: write a new file beside it or the file itself, or only show the difference.

    Returns the path of what was written, None when there was nothing to repair. ``catalogue`` says
    of each code whether it can be repaired.
    """
    if path.endswith((".yaml", ".yml")):
        from archlint.cli.fix_yaml import repair_yaml

        return repair_yaml(path, plan, diff=diff, in_place=in_place)
    from archlint.loaders.outline import outline
    from archlint.loaders.rewrite import read_proto, rewrite, valid, write_proto
    from archlint.reporting.safe import printable

    try:
        model = read_proto(path)
    except LoadError:
        return None
    before, sound = outline(model), valid(model)
    said: list[str] = []
    for _ in range(ROUNDS):
        wishes = _wishes(path, model, plan, catalogue)
        done = rewrite(model, wishes) if wishes else []
        if not done:
            break
        said += done
    if not said:
        return None
    if sound and not valid(model):
        warn(f"{path}: not repaired, the result would not be valid ONNX; please report this", "error")
        return None
    if diff:
        lines = difflib.unified_diff(before, outline(model), path, f"{path} (repaired)", lineterm="", n=1)
        click.echo("\n".join(printable(line) for line in lines))
        return None
    target = path if in_place else f"{path.removesuffix('.onnx')}.fixed.onnx"
    try:
        write_proto(model, target)
    except OSError as error:
        warn(f"{target}: cannot be written: {error.strerror}", "error")
        return None
    for text in said:
        warn(f"{path}: {text}", "fixed")
    warn(f"wrote {target}", "note")
    return target


def _wishes(path: str, model: onnx.ModelProto, plan: Plan, fixable: dict[str, bool]) -> list[Wish]:
    """What the rules find now that can be repaired, in a temporary copy beside the file."""
    from archlint.api import analyse, load, run
    from archlint.linting.suppress import suppress
    from archlint.loaders.rewrite import write_proto

    folder = os.path.dirname(os.path.abspath(path))
    handle, copy = tempfile.mkstemp(prefix=".archlint-", suffix=".onnx", dir=folder)
    os.close(handle)
    try:
        write_proto(model, copy)
        analysis = analyse(load(copy, weights=plan.weights), dims=plan.dims, shapes=plan.shapes)  # type: ignore[arg-type]
        rules = [r for r in plan.active if fixable.get(r.code)]
        found, _ = suppress(
            run(analysis, rules, plan.settings).findings, analysis.model, {r.code: r for r in rules}, ()
        )
    except LoadError:
        return []
    finally:
        os.unlink(copy)
    return [w for f in found if f.code in fixable for w in _wishes_of(f, analysis)]


def _wishes_of(finding: Finding, analysis: Analysis) -> list[Wish]:
    """What to do about a finding, at every place that it stands for."""
    from archlint.loaders.rewrite import Wish

    if "places" in finding.data:
        places = finding.data["places"]
        return [Wish(finding.name, node, subject, None, finding.graph) for node, subject in places]
    tensor = (finding.subject or "").partition(" ")[2]
    shape = None
    if finding.name == DECLARED and not finding.graph:
        fact = analysis.shapes.main.fact(tensor)
        sizes = fact.shape or ()
        shape = tuple(d if isinstance(d, int) else str(d) if str(d).isidentifier() else None for d in sizes)
        shape = shape if fact.shape is not None else None
    return [Wish(finding.name, finding.node, finding.subject, shape, finding.graph)]
