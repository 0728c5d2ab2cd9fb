"""Values of rule options: checked against the signature, quantities such as ``4.2G`` read."""

from __future__ import annotations

import re
import types
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from archlint.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archlint.linting.rule import Rule

_QUANTITY = re.compile(r"^\s*(\d[\d_,]*(?:\.\d+)?)\s*([kKMGT]?)(i?)(B?)\s*$")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def quantity(text: str) -> int | None:
    """``4.2G``, ``200 MB``, ``64 MiB`` as a number; None for anything else.

    >>> [quantity(t) for t in ("4.2G", "200 MB", "64MiB", "26M", "a lot")]
    [4200000000, 200000000, 67108864, 26000000, None]
    """
    from fractions import Fraction

    found = _QUANTITY.match(text)
    if not found:
        return None
    number = Fraction(found[1].replace(",", "").replace("_", ""))
    return int(number * (1024 if found[3] else 1000) ** _POWERS[found[2].upper()])


def checked(rule: Rule, given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """``given`` (names with hyphens) as keyword arguments of ``rule``; raises `ConfigError`."""
    result = {}
    for key, value in given.items():
        option = rule.options.get(key.replace("-", "_"))
        if option is None:
            known = [name.replace("_", "-") for name in rule.options]
            close = get_close_matches(key, known, 1)
            hint = f"did you mean '{close[0]}'? " if close else ""
            listed = f"options of {rule.code}: {', '.join(known)}" if known else f"{rule.code} has no options"
            raise ConfigError(f"{where}: rule {rule.code} has no option '{key}'", help=hint + listed)
        try:
            result[option.name] = convert(value, option.type)
        except (TypeError, ValueError):
            wanted = (
                option.type if isinstance(option.type, str) else getattr(option.type, "__name__", option.type)
            )
            raise ConfigError(
                f"{where}: option '{key}' of {rule.code} must be {wanted}, not {value!r}"
            ) from None
    return result


def convert(value: Any, kind: Any) -> Any:
    """``value`` from TOML as an instance of ``kind``; raises `ValueError` when it is none."""
    origin = get_origin(kind)
    if kind is Any or isinstance(kind, str):
        return value
    if origin in (types.UnionType, Union):
        for choice in get_args(kind):
            try:
                return convert(value, choice)
            except ValueError:
                continue
        raise ValueError(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is int and isinstance(value, str) and (number := quantity(value)) is not None:
        return number
    if origin in (tuple, list, set, frozenset) and isinstance(value, list):
        inner = get_args(kind)[0] if get_args(kind) else Any
        return origin(convert(v, inner) for v in value)
    if origin is dict and isinstance(value, dict):
        inner = get_args(kind)[1]
        return {k: convert(v, inner) for k, v in value.items()}
    plain = origin or kind
    if (
        not isinstance(plain, type)
        or not isinstance(value, plain)
        or (plain is int and isinstance(value, bool))
    ):
        raise ValueError(value)
    return value
