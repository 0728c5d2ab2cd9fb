"""Where findings go: several formats from one run, each to the terminal or to a file."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TextIO

from archlint.cli.shared import warn
from archlint.errors import ConfigError, UsageError
from archlint.reporting.formats import FORMATS, PEOPLE, format_named
from archlint.reporting.look import UNFOLDED, Look, look_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archlint.linting import Checked, Linted
    from archlint.linting.config import Config
    from archlint.reporting.formats import Format


PIECE = 1 << 15
"""Characters that are written at once."""


@dataclass(slots=True)
class Sink:
    """One output: its format, the stream it is written to, how it looks there."""

    name: str
    format: Format
    path: str | None
    stream: TextIO
    look: Look

    def write(self, text: str) -> None:
        # in pieces: an unbuffered stream does not tell of a reader that went in the middle of one
        for start in range(0, len(text), PIECE):
            self.stream.write(text[start : start + PIECE])
        if text and self.path is None:
            self.stream.flush()


def default_outputs() -> tuple[str, ...]:
    """The format used when none is named: for people, and in a GitHub workflow with annotations."""
    return ("github",) if os.environ.get("GITHUB_ACTIONS") == "true" else ("full",)


def configured_outputs(config: Config) -> list[str]:
    """The outputs that the configuration names; raises `ConfigError` for one that cannot be."""
    outputs: list[str] = config.get("output") or []
    place = config.origin("output")
    for text in outputs:
        hint = unknown_format(text)
        if hint is not None:
            raise ConfigError(f"{place}: 'output': no output format '{text.partition('=')[0]}'", help=hint)
    terminal = [t for t in outputs if t.partition("=")[2] in {"", "-"}]
    if len(set(terminal)) > 1:
        raise ConfigError(
            f"{place}: 'output': several formats for the terminal ({', '.join(terminal)})",
            help="write all but one to files: FORMAT=FILE",
        )
    return outputs


def unknown_format(text: str) -> str | None:
    """What to write in place of a format that does not exist; None for one that does."""
    name = text.partition("=")[0]
    if name in FORMATS:
        return None
    close = get_close_matches(name, FORMATS, 1)
    return f"did you mean '{close[0]}'?" if close else f"known: {', '.join(FORMATS)}"


class Sinks:
    """All outputs of a run; one that accepts what it finds does not show it to people."""

    def __init__(self, outputs: Iterable[str], given: Mapping[str, Any], *, accepting: bool = False) -> None:
        self.quiet = bool(given.get("quiet"))
        self.accepting = accepting
        self.sinks = [self._open(text, given.get("color", "auto")) for text in dict.fromkeys(outputs)]
        if sum(s.path is None for s in self.sinks) > 1:
            twice = ", ".join(s.name for s in self.sinks if s.path is None)
            raise UsageError(
                f"several formats for the terminal ({twice}); write all but one to files: FORMAT=FILE"
            )

    @property
    def for_people(self) -> bool:
        """True when what is on the standard output is read by people."""
        return any(s.path is None and s.name in PEOPLE for s in self.sinks)

    def _open(self, text: str, color: str) -> Sink:
        name, _, path = text.partition("=")
        if (hint := unknown_format(text)) is not None:
            raise UsageError(f"no output format '{name}'", help=hint)
        if not path or path == "-":
            return Sink(name, format_named(name), None, sys.stdout, look_at(sys.stdout, color))
        try:
            os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
            stream = open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n")  # noqa: SIM115
        except OSError as error:
            raise ConfigError(f"cannot write '{path}': {error.strerror}") from None
        return Sink(name, format_named(name), path, stream, Look(color == "always", width=UNFOLDED))

    def each(self, file: Linted) -> None:
        """Write what each format says after a file."""
        for sink in self.sinks:
            if not (self.accepting and sink.path is None and sink.name in PEOPLE):
                sink.write(sink.format.each(file, sink.look))

    def end(self, run: Checked) -> None:
        """Write what each format says at the end, and close the files.

        In a GitHub workflow the table of findings is added to the job's summary.
        """
        for sink in self.sinks:
            if not ((self.quiet or (self.accepting and sink.path is None)) and sink.name in PEOPLE):
                sink.write(sink.format.end(run, sink.look))
            if sink.path is not None:
                sink.stream.close()
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary and any(sink.name == "github" for sink in self.sinks):
            try:
                with open(summary, "a", encoding="utf-8", errors="backslashreplace") as file:
                    file.write(format_named("markdown").end(run, Look()) + "\n")
            except OSError as error:
                warn(f"cannot write the job summary '{summary}': {error.strerror}")
