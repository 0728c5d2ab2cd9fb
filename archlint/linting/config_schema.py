"""What a configuration file may say: keys, the form of their values, and what each is for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from fractions import Fraction
from typing import Any, TypeAlias

from archlint.linting.engine import LEVEL
from archlint.loaders.options import Limits

Form: TypeAlias = tuple[str, Callable[[Any], bool]]


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


TEXT: Form = ("a text", lambda v: isinstance(v, str))
TEXTS: Form = ("a list of texts", _texts)
SWITCH: Form = ("true or false", lambda v: isinstance(v, bool))
SEVERITY: Form = (f"one of {', '.join(reversed(LEVEL))}", lambda v: isinstance(v, str) and v in LEVEL)
TABLE: Form = ("a table", lambda v: isinstance(v, dict))
TABLES: Form = ("a list of tables", lambda v: isinstance(v, list) and all(isinstance(t, dict) for t in v))
PLUGINS: Form = ('"auto", "none" or a list of names', lambda v: v in ("auto", "none") or _texts(v))
EXTENDS: Form = ("a path or a list of paths", lambda v: isinstance(v, str) or _texts(v))
WEIGHTS: Form = ("auto, all or none", lambda v: v in ("auto", "all", "none"))
LFS: Form = ("error, warn or skip", lambda v: v in ("error", "warn", "skip"))
COUNT: Form = (
    "a number of 0 or more",
    lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0,
)
INTERVAL: Form = (
    "two numbers, [low, high]",
    lambda v: (
        isinstance(v, list)
        and len(v) == 2
        and all(isinstance(x, int | float) and not isinstance(x, bool) for x in v)
        and 0 <= v[1] - v[0] < float("inf")
    ),
)

KEYS: dict[str, Form] = {
    "required-version": TEXT,
    "extends": EXTENDS,
    "include": TEXTS,
    "extend-include": TEXTS,
    "exclude": TEXTS,
    "extend-exclude": TEXTS,
    "force-exclude": SWITCH,
    "select": TEXTS,
    "extend-select": TEXTS,
    "ignore": TEXTS,
    "extend-ignore": TEXTS,
    "fail-on": SEVERITY,
    "min-severity": SEVERITY,
    "baseline": TEXT,
    "targets": TEXTS,
    "plugins": PLUGINS,
    "local-rules": TEXTS,
    "output": TEXTS,
    "show-suppressed": SWITCH,
    "weights": WEIGHTS,
    "limits": TABLE,
    "lfs": LFS,
    "pedantic": SWITCH,
    "max-warnings": COUNT,
    "dims": TABLE,
    "shapes": TABLE,
    "input-range": INTERVAL,
    "input-ranges": TABLE,
    "severity": TABLE,
    "rules": TABLE,
    "budget": TABLE,
    "policy": TABLE,
    "overrides": TABLES,
}
_BY_FILE = (
    "select",
    "extend-select",
    "ignore",
    "extend-ignore",
    "severity",
    "rules",
    "budget",
    "policy",
    "targets",
    "dims",
    "shapes",
    "input-range",
    "input-ranges",
    "fail-on",
    "min-severity",
    "weights",
    "lfs",
    "pedantic",
)
OVERRIDE: dict[str, Form] = {
    "files": TEXTS,
    "nodes": TEXTS,
    **{key: KEYS[key] for key in _BY_FILE},
}
NODE_KEYS = frozenset({"files", "nodes", "ignore", "extend-ignore", "severity"})
"""What an override for single nodes can change."""

BUDGET: dict[str, tuple[str, str]] = {
    "macs": ("mac-budget", "limit"),
    "layer-macs": ("mac-budget", "layer"),
    "mult": ("multiplication-budget", "limit"),
    "mults": ("multiplication-budget", "limit"),
    "params": ("param-budget", "limit"),
    "file-size": ("file-size-budget", "limit"),
    "peak-activation": ("activation-budget", "limit"),
}
"""Keys of ``[budget]``: the rule that judges it, and the rule's option."""

INCREASE = ("macs", "mult", "mults", "adds", "params", "file-size", "peak-activation")
"""What ``[budget]`` can bound against ``--base``, with ``-increase`` after it."""

POLICY: dict[str, tuple[str, str]] = {
    "opset": ("opset-outside-policy", "opset"),
    "ir-version": ("opset-outside-policy", "ir_version"),
    "banned-ops": ("banned-operator", "banned"),
    "allowed-domains": ("domain-outside-policy", "allowed"),
    "required-metadata": ("missing-metadata", "required"),
    "node-name": ("node-name-style", "pattern"),
}
"""Keys of ``[policy]``: the rule that judges it, and the rule's option."""

LIMITS = ("timeout", *(f.metadata["name"] for f in fields(Limits)))
"""Keys of ``[limits]``: what bounds the analysis of one file."""

_CONDITION = re.compile(r"\s*(?:>=|<=|==|!=|>|<)?\s*\d+\s*")


def malformed(key: str, value: object) -> str | None:
    """What is wrong with the text of a policy that is a condition or a pattern; None when nothing is."""
    if not isinstance(value, str):
        return None
    if key in {"opset", "ir-version"} and not all(_CONDITION.fullmatch(p) for p in value.split(",")):
        return f"'{key}' must be conditions such as '>=13,<=21', not {value!r}"
    if key == "node-name":
        try:
            re.compile(value)
        except re.error as error:
            return f"'{key}' is no regular expression: {error}"
    return None


def is_size(value: object) -> bool:
    """Whether a symbol can be fixed to ``value``, or bounded by it: ``{ min = 224, max = 512 }``."""
    if isinstance(value, dict):
        ends = [value.get("min", 1), value.get("max", value.get("min", 1))]
        return (
            bool(value) and value.keys() <= {"min", "max"} and all(map(is_size, ends)) and ends[0] <= ends[1]
        )
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def growth(limit: object) -> tuple[Fraction, int] | None:
    """The factor and the constant that a quantity may grow by: ``"2%"`` is 1.02 and 0; None for neither."""
    from archlint.linting.options import quantity

    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", limit) if isinstance(limit, str) else None
    if found:
        return 1 + Fraction(found[1]) / 100, 0
    number = quantity(limit) if isinstance(limit, str) else limit
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        return None
    return Fraction(1), number
