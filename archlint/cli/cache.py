"""Results of earlier runs, kept while nothing that they depend on has changed.

An entry is named by a digest of everything outside the file (versions, every line of archlint and of
the rules by size and time, the effective configuration) and of the file's own identity; inside it
stands what the model's external data looked like. A file that was written a moment ago could be
written again without a sign of it: there a digest of its bytes stands too, and is compared. Entries
are JSON, written to a name of their own and moved into place, so that runs can share the folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from dataclasses import asdict, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import archlint
from archlint.errors import LoadError
from archlint.linting.finding import Finding
from archlint.linting.linted import Linted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archlint.linting.lint import Plan

FOLDER = ".archlint_cache"
FORMAT = 4
SETTLED = 1.0
"""Seconds after which a file that changes again is sure to have another time."""
SMALL = 64 << 20
"""Bytes of a file up to which they are compared; the result for a larger one is kept once it is older."""
_TUPLES = tuple(f.name for f in fields(Finding) if str(f.type).startswith("tuple"))
_FINDINGS = ("findings", "suppressed", "baselined")
_KEPT = ("path", "format", "crashed", "fails", "counts", "failing", "pointer", "nodes", "remarks")


class _Waiting(NamedTuple):
    """A result to come: its entry, when its file was looked at, and its bytes when that was too early."""

    entry: str
    looked: float
    content: str | None


class Cache:
    """The folder of results of a run; ``context`` is what else the results depend on."""

    def __init__(self, folder: str, rules: Iterable[Any], context: object) -> None:
        self.folder = os.path.join(folder, FOLDER)
        self.waiting: dict[str, _Waiting] = {}
        self.started = time.time()
        self._code: dict[str, list[tuple[str, list[int] | None]]] = {}
        self._digests: dict[frozenset[str], str] = {}
        self.base = _digest(
            FORMAT, archlint.__version__, sys.version, _versions(), self._sources(rules), repr(context)
        )

    def get(self, path: str, plan: Plan) -> Linted | None:
        """What an earlier run found in ``path``, or None when anything may have changed."""
        seen, now = _look(path), time.time()
        if seen is None:
            return None
        entry = self._entry(path, seen, plan)
        self.waiting[path] = _Waiting(entry, now, None if _settled(seen, now) else _content(path))
        try:
            with open(entry, encoding="utf-8") as file:
                kept = json.load(file)
            if any(_look(name) != then for name, then in kept["beside"]):
                return None
            if kept["content"] is not None and kept["content"] != _content(path):
                return None
            same: dict[str, Any] = {key: kept[key] for key in _KEPT}
            same["failing"], same["remarks"] = tuple(same["failing"]), tuple(same["remarks"])
            for key in _FINDINGS:
                same[key] = tuple(map(_finding, kept[key]))
            return Linted(**same)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, path: str, found: Linted) -> None:
        """Keep the result for the state that ``get`` saw, unless a later change could go unseen."""
        waiting = self.waiting.pop(path, None)
        if waiting is None or found.crashed or found.beside is None or self._edited():
            return
        entry, looked, content = waiting
        beside = [(name, _look(name)) for name in found.beside]
        if not all(_settled(seen, looked) for _, seen in beside):
            return
        if not _settled(_look(path), looked) and (content is None or content != _content(path)):
            return
        kept: dict[str, Any] = {key: getattr(found, key) for key in _KEPT}
        kept["beside"], kept["content"] = beside, content
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

    def _entry(self, path: str, seen: list[int], plan: Plan) -> str:
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

    def _sources(self, rules: Iterable[Any]) -> str:
        """A digest of every Python file of archlint and of the packages that rules are in, by size and time."""
        homes = {_home(r.check.__code__.co_filename, r.check.__module__) for r in rules}
        folders = frozenset(homes | {os.path.dirname(archlint.__file__)})
        if folders in self._digests:
            return self._digests[folders]
        for folder in folders - self._code.keys():
            seen = self._code[folder] = []
            for here, below, names in os.walk(folder):
                below[:] = sorted(n for n in below if n != "__pycache__")
                wanted = [os.path.join(here, n) for n in sorted(names) if n.endswith((".py", ".json"))]
                seen += [(path, _look(path)) for path in wanted]
        self._digests[folders] = _digest([self._code[folder] for folder in sorted(folders)])
        return self._digests[folders]

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


def _settled(seen: list[int] | None, looked: float) -> bool:
    """True when a file that changes after ``looked`` is sure to have another time than ``seen``."""
    return seen is None or looked - seen[2] / 1e9 >= SETTLED


def _content(path: str) -> str | None:
    """A digest of the bytes of ``path``; None when there are too many, or they cannot be read."""
    from archlint.loaders.files import contents

    try:
        return hashlib.sha256(contents(path, SMALL)).hexdigest()
    except (LoadError, OSError):
        return None


def _versions() -> list[str]:
    """Names of everything installed, versions included, without reading any of it."""
    found: set[str] = set()
    for folder in sys.path:
        with contextlib.suppress(OSError):
            found.update(n for n in os.listdir(folder or ".") if n.endswith((".dist-info", ".egg-info")))
    return sorted(found)


@cache
def _home(filename: str, module: str) -> str:
    """The folder of the package that a rule is in, or of the file when that stands alone."""
    folder = os.path.dirname(filename)
    top = folder
    while os.path.exists(os.path.join(top, "__init__.py")):
        top = os.path.dirname(top)
    package = os.path.join(top, module.partition(".")[0])
    return package if os.path.isdir(package) else folder


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]
