"""`Notice`: a finding that no rule makes: broken files, bad configuration, archlint's own faults."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Notice:
    """The name, severity and documentation of a code that the engine itself reports."""

    code: str
    name: str
    severity: str
    doc: str
    origin: str = "engine"
    fixable: bool = False
    needs: frozenset[str] = frozenset()
    default: bool = True

    @property
    def summary(self) -> str:
        """First line of the documentation."""
        return self.doc.partition("\n")[0]


@cache
def notices() -> dict[str, Notice]:
    """Every notice by code."""
    from archlint.linting.notice_texts import TABLE
    from archlint.linting.notice_texts_yaml import YAML

    return {code: Notice(code, name, severity, doc) for code, name, severity, doc in (*TABLE, *YAML)}


def notice(code: str) -> Notice:
    """The notice ``code``; one without documentation for a code nobody registered."""
    found = notices().get(code)
    return found or Notice(code, "unreadable-model", "error", "A model file that cannot be analysed.")
