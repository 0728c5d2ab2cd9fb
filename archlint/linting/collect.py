"""Collects rules: those of the entry points ``archlint.rules``, the built-in ones like anyone's, and local files."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import pkgutil
import re
import sys
import traceback
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from archlint.errors import ConfigError
from archlint.linting.notice import notices
from archlint.linting.rule import Rule, marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from importlib.metadata import EntryPoint
    from types import ModuleType

GROUP = "archlint.rules"
BUILTIN = "builtin"
_OWN_LETTERS = "a plugin chooses codes with letters of its own; leave one out with 'plugins = [...]'"
API = 1
"""Version of the interface that rules are written against; a plugin may state its own as ``ARCHLINT_API``."""


def collect(
    *,
    plugins: bool = True,
    names: Iterable[str] | None = None,
    local: Sequence[str] = (),
    broken: list[ConfigError] | None = None,
) -> list[Rule]:
    """Every rule, by code; raises `ConfigError` for a broken plugin or a clash.

    ``names`` keeps the plugins so called, ``local`` adds files and packages that a configuration
    file names. With a list ``broken`` nothing is raised: what is wrong with a plugin is appended to
    it, and the rules of the others are returned.
    """
    rules: dict[str, tuple[Rule, str]] = {}
    for find, origin, distribution in _sources(plugins=plugins, names=names, local=local):
        try:
            _add(rules, find(), origin, distribution)
        except ConfigError as error:
            if broken is None:
                raise
            broken.append(error)
    return [rules[code][0] for code in sorted(rules)]


def _sources(
    *, plugins: bool, names: Iterable[str] | None, local: Sequence[str]
) -> Iterator[tuple[Callable[[], list[Rule]], str, str]]:
    """What finds the rules of each source, the source's name and distribution; the built-in ones first."""
    wanted = None if names is None else set(names)
    installed = _points()
    for point in installed:
        if point.name == BUILTIN or (plugins and (wanted is None or point.name in wanted)):
            yield partial(_rules_of, point), point.name, _distribution(point)
    known = {point.name for point in installed}
    for name in sorted((wanted or set()) - known) if plugins else ():
        yield partial(_absent, name, sorted(known - {BUILTIN})), name, ""
    for path in local:
        yield partial(_local_rules, path), path, ""


def _absent(name: str, known: list[str]) -> list[Rule]:
    listed = f"installed: {', '.join(known)}" if known else "none is installed"
    raise ConfigError(f"plugins: no plugin '{name}' is installed", help=listed)


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
        text, advice = f"{error}{_where(error)}", "upgrade or remove it, or run with --no-plugins"
        if isinstance(error, ImportError) and error.name == "archlint.api":
            text = str(error).removesuffix(f" ({error.path})")
            advice = f"it was built for {_built_for(point)}; upgrade it or run with --no-plugins"
        raise ConfigError(f"{who}: {type(error).__name__}: {text}", help=advice) from error
    if version > API:
        raise ConfigError(
            f"{who}: needs archlint's rule interface {version}, this one has {API}",
            help="upgrade archlint, or run with --no-plugins",
        )
    return found


def _built_for(point: EntryPoint) -> str:
    """The interface that a plugin which cannot be imported says it was written against."""
    try:
        spec = importlib.util.find_spec(point.module.partition(".")[0])
        with open(spec.origin if spec is not None and spec.origin else "", encoding="utf-8") as file:
            said = re.search(r"^ARCHLINT_API\s*=\s*(\d+)", file.read(), re.MULTILINE)
    except (OSError, ValueError, ImportError):
        said = None
    return f"api {said[1]}" if said else f"another api than {API}"


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    while len(frames) > 1 and os.path.dirname(frames[-1].filename) == os.path.dirname(__file__):
        frames.pop()
    if not frames or "importlib" in frames[-1].filename:
        return ""
    return f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})"


def _add(rules: dict[str, tuple[Rule, str]], found: list[Rule], origin: str, distribution: str) -> None:
    new: dict[str, tuple[Rule, str]] = {}
    names = {rule.name: (rule, by) for rule, by in rules.values()}
    # the local rules of a project may share letters, plugins may not
    letters = {_letters(rule.code): (rule, by) for rule, by in rules.values() if by or distribution}
    engine = {_letters(code) for code in notices()}
    for rule in found:
        signed = replace(rule, origin=origin), distribution
        prefix = _letters(rule.code)
        for taken, what in (
            (rules.get(rule.code) or new.get(rule.code), f"rule code {rule.code} is"),
            (names.get(rule.name), f"rule name {rule.name} is"),
            (letters.get(prefix), f"codes {prefix}... are"),
        ):
            if taken is not None:
                other, by = taken
                first, second = f"'{other.origin}'{by}", f"'{origin}'{distribution}"
                raise ConfigError(f"{what} claimed by {first} and {second}", help=_OWN_LETTERS)
        if prefix in engine and origin != BUILTIN:
            who = f"'{origin}'{distribution}"
            raise ConfigError(f"{who}: codes {prefix}... are archlint's own", help=_OWN_LETTERS)
        new[rule.code] = names[rule.name] = signed
    rules |= new


def _letters(code: str) -> str:
    return code.rstrip("0123456789")


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
