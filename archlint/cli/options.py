"""Options that several commands share, and the parsing of their values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archlint.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archlint.symbolic import Dim

F = TypeVar("F", bound="Callable[..., Any]")

Pinned = dict[str, int]
Ranges = dict[str, tuple[int, int | None]]

_RANGE = re.compile(r"^(\d+)\.\.(\d*)$")


def sizes(command: F) -> F:
    """Adds ``--dim`` and ``--shape`` to a command."""
    command = click.option(
        "--shape",
        "shapes",
        multiple=True,
        metavar="NAME=D,D,...",
        help="Fix the shape of graph input NAME: --shape x=1,3,224,224. Dims may be symbols.",
    )(command)
    return click.option(
        "--dim",
        "dims",
        multiple=True,
        metavar="N=8",
        help="Fix a symbol (N=8) or bound it (H=224..512); several with commas or by repeating.",
    )(command)


def measured(command: F) -> F:
    """Adds ``--input-range`` and ``--calibration`` to a command."""
    command = click.option(
        "--calibration",
        metavar="FILE.npz",
        help="Arrays for the graph inputs, or for a recurrent cell's input tensor: gates are measured on them.",
    )(command)
    return click.option(
        "--input-range",
        "ranges",
        multiple=True,
        metavar="[NAME=]LOW..HIGH",
        help="Values of graph input NAME, or of every recurrent cell's input that the graph does not bound "
        "(-1..1 is assumed). Repeatable.",
    )(command)


def parse_measured(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of the analyses that the options of `measured` stand for; raises `UsageError`."""
    from archlint.api import Interval, read_calibration

    settings: dict[str, Any] = {}
    named = {}
    for text in given["ranges"]:
        name, equals, span = text.rpartition("=")
        ends = parse_range("--input-range", span)
        if equals:
            named[name] = Interval(*ends, "configured")
        else:
            settings["assumed_range"] = ends
    if named:
        settings["input_ranges"] = named
    if given["calibration"]:
        settings["calibration"] = read_calibration(given["calibration"])
    return settings


def parse_dims(texts: tuple[str, ...]) -> tuple[Pinned, Ranges]:
    """Symbols fixed to a number, and symbols given a range; raises `UsageError`.

    >>> parse_dims(("N=8,H=224..512", "T=1.."))
    ({'N': 8}, {'H': (224, 512), 'T': (1, None)})
    """
    pinned: Pinned = {}
    ranges: Ranges = {}
    for text in texts:
        for item in filter(None, text.split(",")):
            name, equals, value = item.partition("=")
            name, value = name.strip(), value.strip()
            span = _RANGE.match(value)
            if equals and name and value.isdecimal():
                pinned[name] = int(value)
            elif equals and name and span:
                low, high = int(span[1]), int(span[2]) if span[2] else None
                if high is not None and high < low:
                    raise UsageError(f"--dim {item}: the range is empty")
                ranges[name] = (low, high)
            else:
                raise UsageError(f"--dim {item}: not of the form N=8 or H=224..512")
    return pinned, ranges


def parse_shapes(texts: tuple[str, ...]) -> dict[str, tuple[Dim, ...]]:
    """Shapes of graph inputs by name; raises `UsageError`.

    >>> shape = parse_shapes(("x=N,3,224,224",))["x"]
    >>> [str(d) for d in shape]
    ['N', '3', '224', '224']
    """
    from archlint.symbolic import named

    found: dict[str, tuple[Dim, ...]] = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        parts = [p.strip() for p in value.split(",")] if value.strip() else []
        if not equals or not name or not all(p.isdecimal() or p.isidentifier() or p == "?" for p in parts):
            raise UsageError(f"--shape {text}: not of the form NAME=1,3,224,224")
        found[name] = tuple(int(p) if p.isdecimal() else named(p) for p in parts)
    return found


def parse_range(option: str, text: str) -> tuple[float, float]:
    """Two numbers, the lower first; raises `UsageError`.

    >>> parse_range("--input-range", "-1..1")
    (-1.0, 1.0)
    """
    low, dots, high = text.partition("..")
    try:
        ends = float(low), float(high)
    except ValueError:
        ends = (1.0, 0.0)
    if not dots or not ends[0] <= ends[1] or ends[1] - ends[0] == float("inf"):
        raise UsageError(f"{option} {text}: not of the form -1..1")
    return ends
