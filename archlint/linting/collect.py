"""Collects rules from the entry points ``archlint.rules``: the built-in ones like anyone's."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from typing import TYPE_CHECKING

from archlint.errors import ConfigError
from archlint.linting.rule import Rule, marked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

GROUP = "archlint.rules"
BUILTIN = "builtin"


def collect(*, plugins: bool = True) -> list[Rule]:
    """Every installed rule, by code; raises `ConfigError` for a broken plugin or a clash."""
    from importlib.metadata import entry_points

    rules: dict[str, Rule] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda p: (p.name != BUILTIN, p.name)):
        if point.name != BUILTIN and not plugins:
            continue
        try:
            module = point.load()
            found = [r for m in modules(module) for r in marked(m)]
        except Exception as error:
            dist = f" ({point.dist.name} {point.dist.version})" if point.dist else ""
            message = f"plugin '{point.name}'{dist}: {type(error).__name__}: {error}"
            raise ConfigError(message, help="upgrade it or run with --no-plugins") from error
        for rule in found:
            other = rules.get(rule.code)
            if other is not None:
                message = f"rule code {rule.code} is claimed by '{other.origin}' and '{point.name}'"
                raise ConfigError(message)
            rules[rule.code] = replace(rule, origin=point.name)
    return [rules[code] for code in sorted(rules)]


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """``package`` and every module below it."""
    yield package
    for info in pkgutil.walk_packages(getattr(package, "__path__", ()), package.__name__ + "."):
        yield importlib.import_module(info.name)
