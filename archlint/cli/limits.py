"""What bounds the analysis of one file: options and ``[limits]`` of the configuration."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archlint.loaders.options import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

F = TypeVar("F", bound="Callable[..., Any]")

TIMEOUT = 60.0
_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}
_SIZE = re.compile(r"(\d+)\s*(|k|m|g|ki|mi|gi)b?", re.IGNORECASE)


class Amount(click.ParamType):  # type: ignore[type-arg]
    """A number of 1 or more, for bytes with a unit: ``300000``, ``64MiB``, ``2GB``."""

    def __init__(self, *, size: bool) -> None:
        self.size = size
        self.name = "size" if size else "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = _SIZE.fullmatch(str(value).replace("_", "").strip())
        if found is None or len(found[1]) > 18 or (found[2] and not self.size) or not int(found[1]):
            self.fail(f"'{value}' is not {'a size such as 64MiB' if self.size else 'a number of 1 or more'}")
        return int(found[1]) * _UNITS[found[2].lower()]


def limited(command: F) -> F:
    """Adds ``--timeout`` and every ``--max-...``; `limits` and `timeout` read what was given."""
    for field in reversed(fields(Limits)):
        known = field.metadata
        default = _shown(field.default, size=known["size"])
        command = click.option(
            f"--max-{known['name']}",
            _parameter(known["name"]),
            type=Amount(size=known["size"]),
            metavar="SIZE" if known["size"] else "N",
            help=f"{known['text']} [default: {default}]",
        )(command)
    return click.option(
        "--timeout",
        type=click.FloatRange(0, min_open=True),
        metavar="S",
        help=f"Seconds that a file may take. [default: {TIMEOUT:g}]",
    )(command)


def limits(given: Mapping[str, Any], configured: Mapping[str, int]) -> Limits:
    """The limits that hold: the command line's over the configuration's over the usual ones."""
    said: dict[str, int] = {}
    for field in fields(Limits):
        name = field.metadata["name"]
        value = given.get(_parameter(name)) or configured.get(name)
        if value is not None:
            said[field.name] = value
    return Limits(**said)


def timeout(given: Mapping[str, Any], configured: Mapping[str, int]) -> float:
    """Seconds that one file may take."""
    return float(given.get("timeout") or configured.get("timeout") or TIMEOUT)


def _parameter(name: str) -> str:
    return f"max_{name.replace('-', '_')}"


def _shown(value: Any, *, size: bool) -> str:
    if not size:
        return f"{value:,}"
    return f"{value >> 20} MiB" if value >= 1 << 20 else f"{value >> 10} KiB"


BOUNDS = {"Limits of one file": ("timeout", *(_parameter(f.metadata["name"]) for f in fields(Limits)))}
"""The section of a command's help that these options make."""
