"""Finds operator definitions: this package's, and those of the entry points ``archlint.ops``."""

from __future__ import annotations

import importlib
import pkgutil
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING

from archlint.errors import ConfigError
from archlint.ops.operator import Operator

if TYPE_CHECKING:
    from types import ModuleType


class Registry:
    """Operator classes by (domain, name), each with the opset version it holds from."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, str], list[tuple[int, type[Operator]]]] = {}

    def add(self, module: ModuleType) -> None:
        """Take in every operator class that ``module`` defines."""
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Operator)
                and value.__module__ == module.__name__
            ):
                for s in value.__dict__.get("signatures", ()):
                    rows = self._versions.setdefault((s.domain, s.op_type), [])
                    if any(since == s.since and cls is not value for since, cls in rows):
                        message = f"operator {s.domain}::{s.op_type} version {s.since} is defined twice"
                        raise ConfigError(message)
                    rows.append((s.since, value))
                    rows.sort(key=lambda row: row[0])

    def find(self, domain: str, op_type: str, opset: int) -> type[Operator] | None:
        """The definition in force at ``opset``; None for an operator nobody defines."""
        rows = self._versions.get((domain, op_type))
        if not rows:
            return None
        at = bisect_right(rows, opset, key=lambda row: row[0])
        return rows[at - 1][1] if at else None

    def names(self) -> list[tuple[str, str]]:
        """Every (domain, operator) that has a definition, sorted."""
        return sorted(self._versions)


@cache
def registry(*, plugins: bool = True) -> Registry:
    """The definitions of this package and, unless told otherwise, of installed plugins."""
    import archlint.ops

    found = Registry()
    for info in pkgutil.iter_modules(archlint.ops.__path__, "archlint.ops."):
        found.add(importlib.import_module(info.name))
    if plugins:
        from importlib.metadata import entry_points

        for point in entry_points(group="archlint.ops"):
            try:
                found.add(point.load())
            except Exception as error:
                message = f"plugin '{point.name}' ({point.value}): {type(error).__name__}: {error}"
                raise ConfigError(message, help="upgrade it or run with --no-plugins") from error
    return found
