"""Results of earlier runs, kept while nothing that they depend on has changed.

An entry is named by a digest of everything outside the file (versions, every line of archlint and of
the rules by size and time, the effective configuration) and of the file's own identity; inside it
stands what the model's external data looked like. Entries are JSON, written to a name of their own
and moved into place, so that runs can share the folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import archlint
from archlint.linting.finding import Finding
from archlint.linting.linted import Linted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archlint.linting.lint import Plan

FOLDER = ".archlint_cache"
FORMAT = 2
SETTLED = 1.0
"""Seconds after which a file that changes again is sure to have another time."""
_TUPLES = tuple(f.name for f in fields(Finding) if str(f.type).startswith("tuple"))
_FINDINGS = ("findings", "suppressed", "baselined")
_KEPT = ("path", "format", "crashed", "fails", "counts", "failing", "pointer", "nodes")


class Cache:
    """The folder of results of a run; ``context`` is what else the results depend on."""

    def __init__(self, folder: str, rules: Iterable[Any], context: object) -> None:
        self.folder = os.path.join(folder, FOLDER)
        self.waiting: dict[str, tuple[str, float]] = {}
        self.started = time.time()
        self._code: dict[str, list[tuple[str, list[int] | None]]] = {}
        self.base = _digest(
            FORMAT, archlint.__version__, sys.version, _versions(), self._sources(rules), repr(context)
        )

    def get(self, path: str, plan: Plan) -> Linted | None:
        """What an earlier run found in ``path``, or None when anything may have changed."""
        entry = self._entry(path, plan)
        if entry is None:
            return None
        self.waiting[path] = entry, time.time()
        try:
            with open(entry, encoding="utf-8") as file:
                kept = json.load(file)
            if any(_look(name) != seen for name, seen in kept["beside"]):
                return None
            same: dict[str, Any] = {key: kept[key] for key in _KEPT}
            same["failing"] = tuple(same["failing"])
            for key in _FINDINGS:
                same[key] = tuple(map(_finding, kept[key]))
            return Linted(**same)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, path: str, found: Linted) -> None:
        """Keep the result for the state that ``get`` saw, unless a later change could go unseen."""
        entry, looked = self.waiting.pop(path, ("", 0.0))
        if not entry or found.crashed or found.beside is None or self._edited():
            return
        beside = [(name, _look(name)) for name in found.beside]
        newest = max((seen[2] for _, seen in [(path, _look(path)), *beside] if seen), default=0)
        if looked - newest / 1e9 < SETTLED:
            return
        kept: dict[str, Any] = {key: getattr(found, key) for key in _KEPT}
        kept["beside"] = beside
        for key in _FINDINGS:
            kept[key] = [asdict(f) for f in getattr(found, key)]
        temporary = f"{entry}.{os.getpid()}.{os.urandom(4).hex()}"
        # a cache that cannot be written is a slower run, nothing else
        with contextlib.suppress(OSError, TypeError, ValueError):
            text = json.dumps(kept)
            self._make()
            with open(temporary, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(temporary, entry)

    def _entry(self, path: str, plan: Plan) -> str | None:
        seen = _look(path)
        if seen is None:
            return None
        settled = replace(plan, rules=())
        name = _digest(
            self.base,
            os.path.abspath(path),
            path,
            seen,
            [r.code for r in plan.rules],
            self._sources(plan.rules),
            repr(settled),
        )
        return os.path.join(self.folder, name)

    def _sources(self, rules: Iterable[Any]) -> list[object]:
        """Names, sizes and times of every Python file of archlint and of the packages that rules are in."""
        folders = {os.path.dirname(archlint.__file__), *map(_home, rules)}
        for folder in folders - self._code.keys():
            seen = self._code[folder] = []
            for here, below, names in os.walk(folder):
                below[:] = sorted(n for n in below if n != "__pycache__")
                wanted = [os.path.join(here, n) for n in sorted(names) if n.endswith((".py", ".json"))]
                seen += [(path, _look(path)) for path in wanted]
        return [self._code[folder] for folder in sorted(folders)]

    def _edited(self) -> bool:
        """True when code changed so lately that another version of it may be the one that ran."""
        times = (seen[2] for files in self._code.values() for _, seen in files if seen is not None)
        return self.started - max(times, default=0) / 1e9 < SETTLED

    def _make(self) -> None:
        if not os.path.isdir(self.folder):
            os.makedirs(self.folder, exist_ok=True)
            with open(os.path.join(self.folder, ".gitignore"), "w", encoding="utf-8") as file:
                file.write("*\n")


def _finding(kept: dict[str, Any]) -> Finding:
    same: dict[str, Any] = {k: tuple(v) if k in _TUPLES else v for k, v in kept.items()}
    return Finding(**same)


def _look(path: str) -> list[int] | None:
    """What tells one state of a file from another; None when there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev]


def _versions() -> list[str]:
    """Names of everything installed, versions included, without reading any of it."""
    found: set[str] = set()
    for folder in sys.path:
        with contextlib.suppress(OSError):
            found.update(n for n in os.listdir(folder or ".") if n.endswith((".dist-info", ".egg-info")))
    return sorted(found)


def _home(rule: Any) -> str:
    """The folder of the package that a rule is in, or of the file when that stands alone."""
    folder: str = os.path.dirname(rule.check.__code__.co_filename)
    top = folder
    while os.path.exists(os.path.join(top, "__init__.py")):
        top = os.path.dirname(top)
    package: str = os.path.join(top, rule.check.__module__.partition(".")[0])
    return package if os.path.isdir(package) else folder


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]
