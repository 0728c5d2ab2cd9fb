"""Collects rules: those of the entry points ``archlint.rules``, the built-in ones like anyone's, and local files."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import pkgutil
import sys
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

from archlint.errors import ConfigError
from archlint.linting.rule import Rule, marked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from importlib.metadata import EntryPoint
    from types import ModuleType

GROUP = "archlint.rules"
BUILTIN = "builtin"
API = 1
"""Version of the interface that rules are written against; a plugin may state its own as ``ARCHLINT_API``."""


def collect(
    *, plugins: bool = True, names: Iterable[str] | None = None, local: Sequence[str] = ()
) -> list[Rule]:
    """Every rule, by code; raises `ConfigError` for a broken plugin or a clash.

    ``names`` keeps the plugins so called, ``local`` adds files and packages that a configuration
    file names.
    """
    wanted = None if names is None else set(names)
    rules: dict[str, tuple[Rule, str]] = {}
    for point in _points():
        if point.name != BUILTIN and (not plugins or (wanted is not None and point.name not in wanted)):
            continue
        _add(rules, _rules_of(point), point.name, _distribution(point))
    for path in local:
        _add(rules, _local_rules(path), path, "")
    return [rules[code][0] for code in sorted(rules)]


def _points() -> list[EntryPoint]:
    from importlib.metadata import entry_points

    found: dict[tuple[str, str], EntryPoint] = {}
    for point in entry_points(group=GROUP):
        found.setdefault((point.name, point.value), point)
    return sorted(found.values(), key=lambda p: (p.name != BUILTIN, p.name))


def _distribution(point: EntryPoint) -> str:
    return f" ({point.dist.name} {point.dist.version})" if point.dist else ""


def _rules_of(point: EntryPoint) -> list[Rule]:
    who = f"plugin '{point.name}'{_distribution(point)}"
    try:
        module = point.load()
        version = getattr(module, "ARCHLINT_API", API)
        found = [] if version > API else [r for m in modules(module) for r in marked(m)]
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"{who}: {type(error).__name__}: {error}{_where(error)}",
            help="upgrade or remove it, or run with --no-plugins",
        ) from error
    if version > API:
        raise ConfigError(
            f"{who}: needs archlint's rule interface {version}, this one has {API}",
            help="upgrade archlint, or run with --no-plugins",
        )
    return found


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or "importlib" in frames[-1].filename:
        return ""
    return f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})"


def _add(rules: dict[str, tuple[Rule, str]], found: list[Rule], origin: str, distribution: str) -> None:
    names = {rule.name: (rule, by) for rule, by in rules.values()}
    for rule in found:
        for taken, what in (
            (rules.get(rule.code), f"code {rule.code}"),
            (names.get(rule.name), f"name {rule.name}"),
        ):
            if taken is not None:
                other, by = taken
                first, second = f"'{other.origin}'{by}", f"'{origin}'{distribution}"
                raise ConfigError(
                    f"rule {what} is claimed by {first} and {second}",
                    help="a plugin chooses codes with letters of its own; leave one out with 'plugins = [...]'",
                )
        rules[rule.code] = (replace(rule, origin=origin), distribution)


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """``package`` and every module below it."""
    yield package
    for info in pkgutil.walk_packages(getattr(package, "__path__", ()), package.__name__ + "."):
        yield importlib.import_module(info.name)


def _local_rules(path: str) -> list[Rule]:
    found = [r for m in modules(local_module(path)) for r in marked(m)]
    if not found:
        raise ConfigError(f"local-rules '{path}': no function marked with @rule in it")
    return found


def local_module(path: str) -> ModuleType:
    """The module in a file, or the package in a folder, under a private name; raises `ConfigError`."""
    path = os.path.abspath(path)
    folder = os.path.isdir(path)
    file = os.path.join(path, "__init__.py") if folder else path
    digest = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    name = f"_archlint_local_{digest}_{os.path.basename(path).removesuffix('.py')}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(
        name, file, submodule_search_locations=[path] if folder else None
    )
    if not os.path.isfile(file) or spec is None or spec.loader is None:
        raise ConfigError(f"local-rules '{path}': no such Python file or package")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        list(modules(module))
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise ConfigError(
            f"local-rules '{path}': {type(error).__name__}: {error}{_where(error)}",
            help="--isolated leaves local rules out",
        ) from error
    return module
