"""Finds model files below folders: by name, honouring .gitignore, never following links."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from archlint.errors import LoadError
from archlint.loaders.files import contents, open_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pathspec import GitIgnoreSpec

INCLUDE = ("*.onnx", "*.onnxtxt", "*.onnxtext", "*.arch.yaml", "*.arch.yml")
_SKIPPED = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules", ".venv", ".tox", ".nox"})
_STARS = re.compile(r"[^/]\*|\*[^/*]")
_IGNORE_FILES = (".gitignore", ".ignore")
MAX_BYTES = 1 << 20
"""Length of an ignore file beyond which it is none."""


def spec(patterns: Iterable[str]) -> GitIgnoreSpec:
    """Patterns in the language of .gitignore."""
    from pathspec import GitIgnoreSpec as Spec

    return Spec.from_lines(patterns)


def discover(root: str, include: Iterable[str] = INCLUDE) -> Iterator[str]:
    """Model files below folder ``root``, sorted; YAML files count when their first key is ``archlint``."""
    wanted = spec(include)
    waiting: list[tuple[str, list[tuple[str, GitIgnoreSpec]]]] = [(root, _above(root))]
    while waiting:
        folder, rules = waiting.pop()
        rules = [*rules, *_rules(folder)]
        try:
            entries = sorted(os.scandir(folder), key=lambda e: e.name)
        except OSError:
            continue
        below = []
        for entry in entries:
            path = os.path.normpath(entry.path) if root == "." else entry.path
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _SKIPPED and not _ignored(path, rules, folder=True):
                    below.append((entry.path, rules))
            elif not _ignored(path, rules) and (
                wanted.match_file(os.path.relpath(path, root)) or _is_yaml_model(entry)
            ):
                yield path
        waiting += reversed(below)


def _is_yaml_model(entry: os.DirEntry[str]) -> bool:
    if not entry.name.endswith((".yaml", ".yml")) or not entry.is_file(follow_symlinks=False):
        return False
    try:
        file = open_file(entry.path)
        head = file.read(0, min(4096, file.size))
    except LoadError:
        return False
    lines = (line.strip() for line in head.splitlines())
    first = next((s for s in lines if s and not s.startswith((b"#", b"---", b"%"))), b"")
    return first.startswith(b"archlint:")


def repository(path: str) -> str | None:
    """The nearest folder at or above ``path`` that holds ``.git``."""
    folder = os.path.abspath(path)
    while True:
        if os.path.exists(os.path.join(folder, ".git")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _above(root: str) -> list[tuple[str, GitIgnoreSpec]]:
    """The ignore files between the repository's root and ``root``, outermost first."""
    top = repository(root)
    if top is None:
        return []
    found: list[tuple[str, GitIgnoreSpec]] = []
    folder = os.path.dirname(os.path.abspath(root))
    while len(folder) >= len(top):
        found[:0] = _rules(folder)
        if folder == top:
            break
        folder = os.path.dirname(folder)
    return found


def _rules(folder: str) -> list[tuple[str, GitIgnoreSpec]]:
    found = []
    for name in _IGNORE_FILES:
        try:
            text = contents(os.path.join(folder, name), MAX_BYTES).decode("utf-8", "replace")
            found.append((os.path.abspath(folder), spec(filter(_matchable, text.splitlines()))))
        except (LoadError, ValueError):
            continue
    return found


def _matchable(pattern: str) -> bool:
    """False for a pattern that takes forever to match: each star multiplies the ways to try."""
    return len(pattern) <= 1024 and len(_STARS.findall(pattern)) <= 8 and "***" not in pattern


def _ignored(path: str, rules: list[tuple[str, GitIgnoreSpec]], *, folder: bool = False) -> bool:
    verdict = False
    full = os.path.abspath(path) + ("/" if folder else "")
    for base, patterns in rules:
        said = patterns.check_file(os.path.relpath(full, base) + ("/" if folder else "")).include
        verdict = verdict if said is None else said
    return verdict
