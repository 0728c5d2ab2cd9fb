"""`Finding`: a signed statement about a model, ready to be printed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect at one place.

    ``graph`` is the path of bodies that leads to the node (``loop1/body``), ``subject`` the
    attribute, input, output or initializer it is about, ``source`` the line of a YAML model,
    ``snippet`` a drawing of the place, ``fingerprint`` equal for the same defect in a later version
    of the file and different from every other one's in this version.
    """

    code: str
    name: str
    severity: str
    message: str
    path: str
    help: str | None = None
    notes: tuple[str, ...] = ()
    snippet: tuple[str, ...] = ()
    line: int | None = None
    column: int | None = None
    graph: str = ""
    node: str | None = None
    op_type: str | None = None
    subject: str | None = None
    fingerprint: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    source: str | None = None

    @property
    def place(self) -> str:
        """``graph 'G' node 'NAME' (Op) input 'x'``: the part of the location inside the file."""
        parts = [f"graph '{self.graph}'"] if self.graph else []
        if self.node is not None:
            parts.append(self._node)
        if self.subject:
            kind, _, what = self.subject.partition(" ")
            parts.append(f"{kind} '{what}'" if what else f"'{kind}'")
        return " ".join(parts)

    @property
    def sentence(self) -> str:
        """The message with its place in front, unless it begins with the node itself."""
        if not self.place or (self.node is not None and self.message.startswith(self._node)):
            return self.message
        return f"{self.place}: {self.message}"

    @property
    def _node(self) -> str:
        name = self.node if self.node is not None and self.node.startswith("#") else f"'{self.node}'"
        return f"node {name} ({self.op_type})"

    @property
    def location(self) -> str:
        """``PATH[:LINE[:COL]]: place``."""
        where = self.path
        if self.line is not None:
            where += f":{self.line}" if self.column is None else f":{self.line}:{self.column}"
        return f"{where}: {self.place}" if self.place else where


def fingerprint(*parts: str) -> str:
    """A digest of what a finding is about, without numbers that a re-export changes."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def plain_text(value: Any) -> Any:
    """A text with bytes that are not UTF-8 shown as escapes; anything else unchanged."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
