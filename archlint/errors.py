"""The exception family: each says what is wrong, where, and what to do about it."""

from __future__ import annotations

from typing import Any


class ArchlintError(Exception):
    """Something a user can act on; ``exit_code`` is what the command line ends with."""

    exit_code = 2

    def __init__(self, message: str, *, help: str | None = None) -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self.help = help


class LoadError(ArchlintError, ValueError):
    """A model file that cannot be analysed; ``code`` is the finding it becomes, ``notes`` its remarks."""

    exit_code = 1

    def __init__(
        self,
        code: str,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        snippet: str | None = None,
        help: str | None = None,  # noqa: A002
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, help=help)
        self.code = code
        self.notes = notes
        self.line = line
        self.column = column
        self.snippet = snippet


def out_of_memory() -> LoadError:
    """What is said of a file whose analysis asked for more memory than it may have."""
    return LoadError("IO010", "needs more memory than one file may take", help="--max-memory allows more")


class WeightsUnread(LoadError):
    """Numbers that may not be read as the run is set up; what needs them is skipped, not failed."""

    def __init__(self, message: str) -> None:
        super().__init__("IO010", message, help="run with --weights all")


class ConfigError(ArchlintError, ValueError):
    """A setting, an option or a plugin that archlint cannot work with."""


class RuleError(ArchlintError):
    """A rule that is written wrongly or that failed while it ran."""


class UsageError(ArchlintError, ValueError):
    """A question that has no answer as asked."""


class ShapeError(ValueError):
    """A contradiction that propagation meets at a node; always becomes a finding.

    ``kind`` is the name of the rule that reports it (``conv-channel-mismatch``), ``subject`` the
    attribute, input or output it is about, ``severity`` its weight where it is not the rule's own,
    ``data`` the numbers of the message.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        subject: str | None = None,
        help: str | None = None,  # noqa: A002
        severity: str | None = None,
        **data: Any,
    ) -> None:
        super().__init__(message)
        self.severity = severity
        self.kind = kind
        self.message = message
        self.subject = subject
        self.help = help
        self.data = data


class Undetermined(Exception):
    """Raised by an operator whose outputs cannot be known; ``reason`` names the first blocker."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
