"""What is known of a rule: a page for people, a page of Markdown, an object; and lists of rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from archlint.linting.docstring import documentation
from archlint.linting.rule import Rule
from archlint.reporting import safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archlint.linting import Notice
    from archlint.reporting.look import Look

_LITERAL = re.compile(r"``(.+?)``")


def fact(entry: Rule | Notice) -> dict[str, Any]:
    """An entry as JSON."""
    parts = documentation(entry.doc)
    return {
        "code": entry.code,
        "name": entry.name,
        "severity": entry.severity,
        "default": entry.default,
        "fixable": entry.fixable,
        "needs": sorted(entry.needs),
        "operators": list(entry.on) if isinstance(entry, Rule) else [],
        "origin": entry.origin,
        "options": [
            {"name": name, "type": kind, "default": default} for name, kind, default in options(entry)
        ],
        "summary": parts.summary,
        "body": parts.body,
        "sources": list(parts.sources),
        "bad": list(parts.bad),
        "good": list(parts.good),
    }


def options(entry: Rule | Notice) -> list[tuple[str, str, Any]]:
    """Name as written in configuration, type and default of each option."""
    if not isinstance(entry, Rule):
        return []
    return [(o.name.replace("_", "-"), type_text(o.type), o.default) for o in entry.options.values()]


def type_text(kind: Any) -> str:
    """``int``, ``float | None``: a type as its author wrote it."""
    return kind if isinstance(kind, str) else kind.__name__ if isinstance(kind, type) else str(kind)


def text(entry: Rule | Notice, look: Look) -> str:
    """The page for a terminal."""
    parts = documentation(entry.doc)
    head = f"{look.paint(entry.code, 'code')} {look.paint(entry.name, entry.severity)}"
    lines = [head, "", _folded(parts.summary, look), ""]
    if parts.body:
        lines += [_folded(parts.body, look), ""]
    lines += [look.wrap(value, f"{label}: ", "  ") for label, value in _facts(entry)] + [""]
    for name, kind, default in options(entry):
        lines.append(f"option {name} ({kind}, default {_toml(default)})")
    if options(entry):
        lines += [f"set in archlint.toml: [rules.{entry.code}]", ""]
    for label, examples in (("Reported", parts.bad), ("Not reported", parts.good)):
        for example in examples:
            lines += [f"{label}:", *(f"    {row}" for row in safe.lines(example).split("\n")), ""]
    if parts.example:
        lines += [f"Example: {parts.example}", ""]
    lines += [look.wrap(look.draw(safe.lines(s)), "Source: ", "  ") for s in parts.sources]
    return "\n".join(lines).rstrip() + "\n"


def _folded(text_: str, look: Look) -> str:
    """Paragraphs folded anew where the terminal is narrower than the documentation was written."""
    clean = look.draw(safe.lines(text_))
    parts = clean.split("\n\n")
    wide = [max(map(len, part.split("\n"))) > look.width and "\n " not in f"\n{part}" for part in parts]
    return "\n\n".join(
        look.wrap(" ".join(part.split()), "", "") if fold else part
        for part, fold in zip(parts, wide, strict=True)
    )


def _facts(entry: Rule | Notice) -> list[tuple[str, str]]:
    facts = [("Severity", entry.severity if entry.default else f"{entry.severity}, off unless selected")]
    if isinstance(entry, Rule):
        on = ", ".join("every operator" if k == "*" else k for k in entry.on) or "the whole model"
        facts.append(("Looks at", on))
        if entry.needs:
            facts.append(("Needs", ", ".join(sorted(entry.needs))))
        facts.append(("Fix", "archlint check --fix" if entry.fixable else "by hand"))
    if entry.origin not in {"builtin", "engine"}:
        facts.append(("From", safe.name(entry.origin)))
    return facts


def _toml(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(list(value) if isinstance(value, tuple) else value)


def markdown(entry: Rule | Notice) -> str:
    """The page for documentation."""
    parts = documentation(entry.doc)
    lines = [f"# {entry.code} {entry.name}", "", _prose(parts.summary), ""]
    if parts.body:
        lines += [_prose(parts.body), ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| {label} | {safe.markdown(value)} |" for label, value in _facts(entry)] + [""]
    rows = options(entry)
    if rows:
        lines += ["## Options", "", "| option | type | default |", "|---|---|---|"]
        lines += [f"| `{n}` | `{_cell(k)}` | `{_cell(_toml(d))}` |" for n, k, d in rows]
        lines += ["", f"Set them in `[rules.{entry.code}]` of `archlint.toml`.", ""]
    for label, examples in (("Reported", parts.bad), ("Not reported", parts.good)):
        for example in examples:
            lines += [f"## {label}", "", "```yaml", example, "```", ""]
    if parts.example:
        lines += [f"Example: {_prose(parts.example)}", ""]
    if parts.sources:
        lines += ["## Source", ""] + [f"- {_prose(s)}" for s in parts.sources] + [""]
    return "\n".join(lines).rstrip() + "\n"


def _prose(text_: str) -> str:
    return _LITERAL.sub(r"`\1`", text_)


def _cell(text_: str) -> str:
    return text_.replace("|", "\\|")


def table(entries: Iterable[Rule | Notice], link: str = "") -> str:
    """The list in Markdown; ``link`` is the folder of the pages."""
    lines = ["| code | name | severity | fix | what it finds |", "|---|---|---|---|---|"]
    for e in entries:
        code = f"[{e.code}]({link}{e.code}.md)" if link else e.code
        level = e.severity if e.default else f"{e.severity} (off)"
        fix = "yes" if e.fixable else ""
        lines.append(f"| {code} | {e.name} | {level} | {fix} | {_cell(_prose(e.summary))} |")
    return "\n".join(lines) + "\n"


def listing(entries: Iterable[Rule | Notice], look: Look) -> str:
    """The list for a terminal: code, name, severity, fix, needs, origin."""
    rows = [
        (
            e.code,
            e.name,
            e.severity if e.default else f"({e.severity})",
            "fix" if e.fixable else "-",
            ",".join(sorted(e.needs)) or "-",
            safe.name(e.origin),
        )
        for e in entries
    ]
    heads = ("code", "name", "severity", "fix", "needs", "origin")
    widths = [max(len(r[i]) for r in [heads, *rows]) for i in range(len(heads))]
    lines = []
    for number, row in enumerate([heads, *rows]):
        cells = [c.ljust(w) for c, w in zip(row, widths, strict=True)]
        if number:
            cells[0] = look.paint(cells[0], "code")
            cells[2] = look.paint(cells[2], row[2].strip("()"))
        lines.append("  ".join(cells).rstrip())
    return (
        "\n".join(lines) + "\n(severity) in brackets: off unless selected. archlint rule CODE explains one.\n"
    )


def pages(entries: Iterable[Rule | Notice]) -> dict[str, str]:
    """File names and texts of a folder of documentation: one page for each entry, and an index."""
    listed = list(entries)
    found = {f"{e.code}.md": markdown(e) for e in listed}
    found["README.md"] = "# Rules\n\n" + table(listed, "./")
    return found
