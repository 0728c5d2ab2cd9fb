"""Findings for people: message, place, a drawing or the source line, help and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.linting.engine import LEVEL
from archlint.reporting.look import columns
from archlint.reporting.safe import printable

if TYPE_CHECKING:
    from archlint.linting import Checked, Finding, Linted
    from archlint.reporting.look import Look

MAX_PER_RULE = 50
"""Findings of one rule in one model that are written out."""


def each(file: Linted, look: Look) -> str:
    """A block a finding, an empty line after each."""
    blocks: list[str] = []
    counts: dict[str, int] = {}
    for finding in file.findings:
        count = counts[finding.code] = counts.get(finding.code, 0) + 1
        if count <= MAX_PER_RULE:
            blocks.append(block(finding, look) + "\n")
    for code, count in counts.items():
        if count > MAX_PER_RULE:
            rest = f"{code}: and {count - MAX_PER_RULE} more in {printable(file.path)}"
            blocks.append(f"{look.paint(rest, 'dim')} (--output concise lists all)\n")
    return "".join(f"{b}\n" for b in blocks)


def block(finding: Finding, look: Look) -> str:
    """One finding, as rustc and others write theirs."""
    level = look.paint(f"{finding.severity}[{finding.name}]", finding.severity)
    head = f"{finding.code} {finding.severity}[{finding.name}]: "
    message = look.wrap(look.draw(printable(finding.message)), head, "  ")
    lines = [f"{look.paint(finding.code, 'code')} {level}: " + message.removeprefix(head)]
    gutter = len(str(finding.line)) if finding.source is not None and finding.line is not None else 2
    bar = " " * (gutter + 1) + look.paint("|", "place")
    arrow = look.paint("-->", "place")
    lines.append(f"{' ' * gutter}{arrow} {look.draw(printable(finding.location))}")
    if finding.source is not None and finding.line is not None:
        lines += [bar, *_source(finding, finding.source, look, bar)]
    if finding.snippet:
        lines += [bar, *(f"{bar}  {_fit(look.draw(printable(s)), look)}" for s in finding.snippet), bar]
    elif finding.source is not None:
        lines.append(bar)
    for label, text in _remarks(finding):
        first = f"{' ' * (gutter + 1)}= {label}: "
        wrapped = look.wrap(look.draw(printable(text)), first, " " * columns(first))
        lines.append(wrapped.replace(f"= {label}:", look.paint(f"= {label}:", "help"), 1))
    return "\n".join(lines)


def _remarks(finding: Finding) -> list[tuple[str, str]]:
    remarks = [("help", finding.help)] if finding.help else []
    remarks += [("note", note) for note in finding.notes]
    return [*remarks, ("see", f"archlint rule {finding.code}")]


def _source(finding: Finding, source: str, look: Look, bar: str) -> list[str]:
    """The line of the file with a caret below the column; long lines are cut around it."""
    column = finding.column or 0
    room = max(look.width - 8, 20)
    start = max(0, column - room // 2) if len(source) > room else 0
    tabs = source.replace("\t", " ")
    text = look.draw(printable(tabs[start : start + room]))
    text = f"{text[: room - 3]}..." if len(tabs) > start + room else text
    number = look.paint(str(finding.line), "place")
    lines = [f"{number} {look.paint('|', 'place')} {text}"]
    if column:
        before = look.draw(printable(tabs[start : max(column - 1, start)]))
        lines.append(f"{bar} {' ' * columns(before)}{look.paint('^', finding.severity)}")
    return lines


def _fit(text: str, look: Look) -> str:
    room = max(look.width - 6, 20)
    return text if 2 * len(text) <= room or columns(text) <= room else text[: room - 3] + "..."


def end(run: Checked, look: Look) -> str:
    """The verdict, and which rule to read about first."""
    first = min(run.findings, key=lambda f: -LEVEL[f.severity], default=None)
    return verdict(run, look) + (f"help: archlint rule {first.code} explains\n" if first else "")


def verdict(run: Checked, look: Look) -> str:
    """How many problems in how many models, what was kept from view, and the time taken."""
    summary = run.summary()
    found, models = summary["findings"], summary["models"]
    kept = [f"{summary[k]} {k}" for k in ("baselined", "suppressed") if summary[k]]
    if summary["hidden"]:
        kept.append(f"{summary['hidden']} below --min-severity not shown")
    if summary["lfs_pointers"]:
        kept.append(f"{_count(summary['lfs_pointers'], 'Git LFS pointer')} passed over")
    skipped = ""
    if summary["skipped_rules"]:
        count = len(summary["skipped_rules"])
        skipped = f" {_count(count, 'rule')} that {'reads' if count == 1 else 'read'} weights not run."
    more = (f" {', '.join(kept)}." if kept else "") + skipped
    timing = f" {run.seconds:.2f} s" if run.seconds else ""
    if found:
        levels = [_count(summary[k], k) for k in ("error", "warning") if summary[k]]
        levels += [f"{summary['info']} info"] if summary["info"] else []
        text = f"Found {_count(found, 'problem')} ({', '.join(levels)}) "
        text += f"in {summary['models_with_findings']} of {_count(models, 'model')}.{more}{timing}"
        worst = next(k for k in ("error", "warning", "info") if summary[k])
        return look.paint(text, worst) + "\n"
    if not models:
        return ""
    if summary["status"] == 1:
        return look.paint("Nothing to show, but the run fails:", "warning") + f"{more}{timing}\n"
    text = f"All {models:,} models passed" if models > 1 else "1 model passed"
    more = f" ({', '.join(kept)})." if kept else "."
    return look.paint(text, "good") + f"{more}{skipped}{timing}\n"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
