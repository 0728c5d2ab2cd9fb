"""Which codes a selector means: a code, a prefix, a rule's name, or ``ALL``."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Protocol

from archlint.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ALL = "ALL"


class Coded(Protocol):
    """A rule or a notice: something with a code and a name."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Selector:
    """Matches the codes of a catalogue; the more specific a selector, the higher its rank."""

    text: str
    codes: frozenset[str]

    @property
    def rank(self) -> int:
        """Length of what was written: 0 for ``ALL``, more for a prefix, most for one rule."""
        return 0 if self.text.upper() == ALL else 100 if len(self.codes) == 1 else len(self.text)


def selector(text: str, catalogue: Iterable[Coded], where: str = "") -> Selector:
    """The codes that ``text`` means; raises `ConfigError` with the nearest one for none."""
    entries = list(catalogue)
    wanted = text.strip()
    upper = wanted.upper()
    if upper == ALL:
        return Selector(wanted, frozenset(e.code for e in entries))
    exact = [e.code for e in entries if e.code == upper or e.name == wanted.lower()]
    found = exact or ([e.code for e in entries if e.code.startswith(upper)] if upper.isalnum() else [])
    if not found:
        place = f"{where} {wanted}" if where else repr(wanted)
        raise ConfigError(f"{place}: no such rule or prefix. {suggestion(wanted, entries)}")
    return Selector(wanted, frozenset(found))


def suggestion(text: str, catalogue: Sequence[Coded]) -> str:
    """``did you mean RNN001 (forget-gate-saturated)?``, or how to list the rules."""
    names: dict[str, Coded] = {}
    for entry in catalogue:
        names[entry.code], names[entry.name] = entry, entry
    words = [*names, *{e.code.rstrip("0123456789") for e in catalogue}]
    close = get_close_matches(text.upper(), words, 1, 0.6) or get_close_matches(text.lower(), words, 1, 0.6)
    if not close:
        return "archlint rule lists all codes and names"
    meant = names.get(close[0])
    return f"did you mean {meant.code} ({meant.name})?" if meant else f"did you mean {close[0]}?"


def split(texts: Iterable[str]) -> list[str]:
    """Selectors written apart or with commas."""
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]
