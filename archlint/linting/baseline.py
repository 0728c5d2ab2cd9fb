"""`Baseline`: findings that a project has accepted, so that only new ones are reported."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archlint.errors import ConfigError, LoadError
from archlint.loaders.files import contents

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archlint.linting.finding import Finding
    from archlint.linting.linted import Linted

NAME = ".archlint-baseline.json"
VERSION = 1
MAX_BYTES = 256 << 20
_NEVER = ("INT", "CFG")
"""Findings about archlint's own run, which cannot be accepted."""


@dataclass(slots=True)
class Baseline:
    """Accepted findings by model and fingerprint; models are named relative to the baseline's folder."""

    path: str
    entries: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def known(self, model: str) -> frozenset[str]:
        """Fingerprints that are accepted for ``model``."""
        name = self.name(model)
        return frozenset(mark for path, mark in self.entries if path == name)

    def name(self, model: str) -> str:
        """``model`` as it is written in the file."""
        folder = os.path.dirname(os.path.abspath(self.path))
        return os.path.relpath(os.path.abspath(model), folder).replace(os.sep, "/")

    def stale(self, files: Iterable[Linted]) -> list[tuple[str, str]]:
        """Entries of models and rules that were checked now, and whose defect is gone."""
        gone = []
        for file in files:
            name = self.name(file.path)
            ran = {rule.code for rule in file.ran}
            seen = {f.fingerprint for f in (*file.baselined, *file.findings, *file.suppressed)}
            gone += [
                key
                for key, entry in self.entries.items()
                if key[0] == name and key[1] not in seen and entry["code"] in ran
            ]
        return gone

    def accept(self, files: Iterable[Linted]) -> Baseline:
        """A baseline of the findings of ``files``; entries of other models are kept."""
        listed = list(files)
        names = {self.name(f.path) for f in listed}
        entries = {key: entry for key, entry in self.entries.items() if key[0] not in names}
        for file in listed:
            for finding in (*file.findings, *file.baselined):
                if not finding.code.startswith(_NEVER):
                    entry = self.entry(finding)
                    entries[entry["path"], entry["fingerprint"]] = entry
        return Baseline(self.path, entries)

    def entry(self, finding: Finding) -> dict[str, Any]:
        """A finding as the file has it."""
        return {
            "path": self.name(finding.path),
            "code": finding.code,
            "node": finding.node,
            "fingerprint": finding.fingerprint,
        }

    def write(self) -> None:
        """Write the file, sorted."""
        from archlint.linting.finding import plain_text

        rows = [self.entries[key] for key in sorted(self.entries)]
        rows.sort(key=lambda e: (e["path"], e["code"], e["node"] or "", e["fingerprint"]))
        document = {"version": VERSION, "entries": [{k: plain_text(v) for k, v in r.items()} for r in rows]}
        try:
            with open(self.path, "w", encoding="utf-8", newline="\n") as file:
                json.dump(document, file, indent=1)
                file.write("\n")
        except OSError as error:
            raise ConfigError(f"cannot write baseline '{self.path}': {error.strerror}") from None


def read_baseline(path: str) -> Baseline:
    """The baseline in ``path``; raises `ConfigError` when there is none or it is damaged."""
    if not os.path.lexists(path):
        raise ConfigError(f"no baseline '{path}'", help="'archlint check --write-baseline' writes one")
    try:
        document = json.loads(contents(path, MAX_BYTES))
        version = document["version"]
        entries = {
            (e["path"], e["fingerprint"]): dict(e) for e in document["entries"] if e["code"] is not None
        }
    except LoadError as error:
        raise ConfigError(f"baseline '{path}': {error.message}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(f"baseline '{path}' is damaged: {error}") from None
    if version != VERSION:
        raise ConfigError(f"baseline '{path}' has version {version!r}, this archlint writes {VERSION}")
    return Baseline(path, entries)
