"""A rule's documentation taken apart: sentence, reason, sources, examples."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

_HEADS = {"Bad": "bad", "Good": "good", "Source": "source", "Sources": "source", "Example": "example"}
_HEAD = re.compile(rf"^({'|'.join(_HEADS)}):[ \t]*(.*)$")


@dataclass(frozen=True, slots=True)
class Documentation:
    """Parts of a docstring in the form that rules are written in.

    ``summary`` is its first line, ``body`` the paragraphs up to the first heading, ``bad`` and
    ``good`` hold YAML models, ``example`` says where a defect is shown that YAML cannot express.
    """

    summary: str
    body: str
    sources: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    example: str | None = None


def documentation(doc: str) -> Documentation:
    r"""``doc`` in parts.

    >>> documentation("Short.\n\nWhy.\n\nSource: ONNX\n\nBad: {op: Relu}\nGood: {op: Elu}").bad
    ('{op: Relu}',)
    """
    summary, _, rest = doc.partition("\n")
    body: list[str] = []
    sections: list[tuple[str, list[str]]] = []
    for line in textwrap.dedent(rest).splitlines():
        head = _HEAD.match(line)
        if head:
            sections.append((_HEADS[head[1]], [head[2]]))
        elif sections and (
            not line.strip() or line[:1].isspace() or sections[-1][0] in {"source", "example"}
        ):
            sections[-1][1].append(line)
        elif sections:
            sections.append(("text", [line]))
        else:
            body.append(line)
    found: dict[str, list[str]] = {}
    for kind, lines in sections:
        first = [lines[0]] if lines[0].strip() else []
        text = "\n".join([*first, textwrap.dedent("\n".join(lines[1:]))]).strip("\n").rstrip()
        if kind in {"source", "example"}:
            text = " ".join(text.split())
        if text:
            found.setdefault(kind, []).append(text)
    said = "\n\n".join(["\n".join(body).strip(), *found.get("text", [])]).strip()
    return Documentation(
        summary.strip(),
        said,
        tuple(found.get("source", ())),
        tuple(found.get("bad", ())),
        tuple(found.get("good", ())),
        " ".join(found["example"]) if "example" in found else None,
    )
