"""Where in a model a statement holds (`Place`), and the statement itself (`Draft`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archlint.model.graph import Graph, Node

SEVERITIES = ("info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a rule says before the engine signs it with code, path and fingerprint.

    ``severity`` None means the rule's own. ``notes`` are true remarks below the message,
    ``snippet`` lines of a drawing of the place, ``data`` the numbers for machine-readable output.
    """

    message: str
    place: Place
    severity: str | None = None
    help: str | None = None
    notes: tuple[str, ...] = ()
    snippet: tuple[str, ...] = ()
    data: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A node, an attribute, input, output or weight of it, or something of a whole graph.

    ``subject`` is what the finding is about: ``attribute pads``, ``input x``, ``initializer w``.
    """

    graph: Graph | None = None
    node: Node | None = None
    subject: str | None = None
    line: int | None = None

    def says(
        self,
        message: str,
        *,
        severity: str | None = None,
        hint: str | None = None,
        notes: tuple[str, ...] = (),
        snippet: tuple[str, ...] = (),
        **data: Any,
    ) -> Draft:
        """A statement about this place, at the rule's own severity unless one is given."""
        return Draft(message, self, severity, hint, notes, snippet, data or None)

    def error(self, message: str, *, hint: str | None = None, **data: Any) -> Draft:
        """An error at this place."""
        return self.says(message, severity="error", hint=hint, **data)

    def warning(self, message: str, *, hint: str | None = None, **data: Any) -> Draft:
        """A warning at this place."""
        return self.says(message, severity="warning", hint=hint, **data)

    def info(self, message: str, *, hint: str | None = None, **data: Any) -> Draft:
        """A remark at this place."""
        return self.says(message, severity="info", hint=hint, **data)
