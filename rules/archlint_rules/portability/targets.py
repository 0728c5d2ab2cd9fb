"""What runtimes read: versions, operators and limits, from the table beside this module."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """A runtime, or one version of it; a limit that its documentation does not give is None."""

    name: str
    source: str
    opset: int | None
    ir_version: int | None
    oldest_opset: int | None
    operators: frozenset[str] | None
    static_weights: frozenset[str]
    static_shapes: bool
    narrowed: frozenset[str]
    newest: str | None = None
    """The newest version in the table, where one is asked for that is newer: nothing is known of it."""


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("targets.toml").read_text("utf-8"))


def names() -> list[str]:
    """Runtimes of the table."""
    return list(_table())


def target(text: str) -> Target | None:
    """``onnxruntime-1.17`` or ``coreml``; a version between two rows takes the older one."""
    name, _, version = text.partition("-")
    row = _table().get(name)
    if row is None:
        return None
    opset = ir = newest = None
    versions = row.get("versions", [])
    fitting = [v for v in versions if not version or _number(v[0]) <= _number(version)]
    if fitting:
        opset, ir = [*fitting[-1][1:], None][:2]
        if version and _number(version) > _number(versions[-1][0]):
            newest = str(versions[-1][0])
    if newest is not None:
        row, opset, ir = {"source": row["source"]}, None, None
    operators = row.get("operators")
    return Target(
        text,
        row["source"],
        opset,
        ir,
        row.get("oldest_opset"),
        None if operators is None else frozenset(operators.split()),
        frozenset(row.get("static_weights", ())),
        bool(row.get("static_shapes", False)),
        frozenset(row.get("narrowed", ())),
        newest,
    )


def targets(asked: Iterable[str]) -> list[Target]:
    """The known ones among ``asked``."""
    return [found for text in asked if (found := target(text)) is not None]


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
