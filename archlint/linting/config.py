"""`Config`: settings read from files, each with the place it comes from."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import archlint
from archlint.errors import ConfigError, LoadError
from archlint.linting.config_schema import (
    BUDGET,
    INCREASE,
    INTERVAL,
    KEYS,
    LIMITS,
    NODE_KEYS,
    OVERRIDE,
    POLICY,
    growth,
    is_size,
    malformed,
)
from archlint.loaders.files import contents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archlint.linting.config_schema import Form

NAMES = ("archlint.toml", ".archlint.toml", "pyproject.toml")
TABLE = "tool.archlint"
MAX_DEPTH = 16
MAX_BYTES = 4 << 20


@dataclass(slots=True)
class Config:
    """Settings of one file and of those it extends.

    ``values`` is the merged document, ``origins`` maps dotted keys to the file and line they come
    from; relative paths in it are relative to ``folder``.
    """

    path: str | None = None
    folder: str = "."
    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a top-level key."""
        return self.values.get(key, default)

    def texts(self, key: str) -> list[str]:
        """A list of texts: ``key``, and what ``extend-key`` adds."""
        return [*self.get(key, ()), *self.get(f"extend-{key}", ())]

    def find(self, dotted: str) -> Any:
        """The value of ``rules.RNN001.stuck``; raises `KeyError`."""
        value: Any = self.values
        for part in dotted.split("."):
            if not isinstance(value, dict):
                raise KeyError(dotted)
            value = value[part]
        return value

    def origin(self, dotted: str) -> str:
        """Where a setting comes from; ``default`` when nobody set it."""
        while dotted:
            if dotted in self.origins:
                return self.origins[dotted]
            dotted = dotted.rpartition(".")[0]
        return "default"

    def with_setting(self, text: str) -> Config:
        """A copy in which ``key = value`` (TOML) from the command line holds."""
        try:
            given = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            key, _, value = text.partition("=")
            try:
                given = tomllib.loads(f'{key.strip()} = "{value.strip()}"')
            except tomllib.TOMLDecodeError as error:
                raise ConfigError(f"--config {text}: {error}") from None
        _validate(given, "--config", "")
        merged = merge(self.values, given)
        return Config(self.path, self.folder, merged, {**self.origins, **_origins(given, "--config", "")})


def find_config(folder: str) -> str | None:
    """The configuration file for models in ``folder``: the nearest one upward, to the repository's root."""
    folder = os.path.abspath(folder)
    while True:
        for name in NAMES:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and (name != "pyproject.toml" or _has_table(path)):
                return path
        parent = os.path.dirname(folder)
        if parent == folder or os.path.exists(os.path.join(folder, ".git")):
            return None
        folder = parent


def _has_table(path: str) -> bool:
    try:
        return "archlint" in tomllib.loads(contents(path, MAX_BYTES).decode()).get("tool", {})
    except (LoadError, tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError, RecursionError):
        return False


def read_config(path: str, *, seen: tuple[str, ...] = ()) -> Config:
    """The settings of ``path`` and of what it extends; raises `ConfigError` with file and line."""
    full = os.path.abspath(path)
    if full in seen or len(seen) > MAX_DEPTH:
        chain = " -> ".join(shown_path(p) for p in (*seen, full))
        raise ConfigError(f"{shown_path(full)}: 'extends' goes in a circle: {chain}")
    shown = shown_path(path)
    try:
        text = contents(full, MAX_BYTES).decode()
        document = tomllib.loads(text)
    except LoadError as error:
        raise ConfigError(f"cannot read {shown}: {error.message.removeprefix('cannot read: ')}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(shown, str(error), text)) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown}: not UTF-8: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise ConfigError(f"{shown}: tables nested too deeply") from None
    prefix = ""
    if os.path.basename(full) == "pyproject.toml":
        prefix = TABLE
        document = document.get("tool", {}).get("archlint", {})
        if not isinstance(document, dict):
            raise ConfigError(f"{shown}: [tool.archlint] is not a table")
    lines = Lines(text, prefix)
    _validate(document, shown, prefix, lines)
    _check_version(document, lines.place(shown, "required-version"))
    folder = os.path.dirname(full)
    parents = document.get("extends", [])
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for parent in [parents] if isinstance(parents, str) else parents:
        where = lines.place(shown, "extends")
        above = _extended(parent, folder, where)
        if not os.path.isfile(above):
            raise ConfigError(f"{where}: extends '{parent}': no such file")
        base = read_config(above, seen=(*seen, full))
        values, origins = merge(values, base.values), {**origins, **base.origins}
    for key in ("local-rules",):
        if key in document:
            document[key] = [os.path.join(folder, p) for p in document[key]]
    if "baseline" in document:
        document["baseline"] = os.path.normpath(
            os.path.join(os.path.dirname(path) or ".", document["baseline"])
        )
    return Config(path, folder, merge(values, document), {**origins, **_origins(document, shown, "", lines)})


def _syntax(shown: str, message: str, text: str) -> str:
    """What TOML's reader says, with the place in front as editors want it."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if found is None:
        return f"{shown}: {message}"
    if found[2]:
        return f"{shown}:{found[2]}:{found[3]}: {found[1]}"
    return f"{shown}:{len(text.splitlines())}: {found[1]} at the end of the file"


def shown_path(path: str) -> str:
    """``path`` from here, unless it is somewhere else."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _extended(parent: str, folder: str, shown: str) -> str:
    if not parent.startswith("pkg:"):
        return os.path.join(folder, parent)
    from importlib.resources import files

    package, _, inner = parent.removeprefix("pkg:").partition("/")
    try:
        return str(files(package).joinpath(inner))
    except ModuleNotFoundError as error:
        raise ConfigError(f"{shown}: extends '{parent}': {error}") from None


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with what ``over`` says: tables are merged, overrides appended, the rest replaced."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            result[key] = merge(old, value)
        elif key == "overrides" and isinstance(old, list):
            result[key] = [*old, *value]
        else:
            result[key] = value
    return result


def _origins(
    document: Mapping[str, Any], shown: str, prefix: str, lines: Lines | None = None
) -> dict[str, str]:
    found = {}
    for key, value in document.items():
        dotted = f"{prefix}.{key}" if prefix else key
        found[dotted] = shown if lines is None else lines.place(shown, dotted)
        if isinstance(value, dict):
            found.update(_origins(value, shown, dotted, lines))
    return found


class Lines:
    """Line numbers of a TOML text by dotted key; TOML's own reader keeps none."""

    def __init__(self, text: str, prefix: str = "") -> None:
        self.found: dict[str, int] = {}
        table = ""
        for number, line in enumerate(text.splitlines(), 1):
            if head := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$", line):
                table = _plain(head[1])
                self.found.setdefault(table, number)
            elif entry := re.match(
                r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"))*)\s*=""", line
            ):
                key = _plain(entry[1])
                self.found.setdefault(f"{table}.{key}" if table else key, number)
                for inner in re.findall(r"[{,]\s*([\w-]+)\s*=", line[entry.end() :]):
                    self.found.setdefault(f"{table}.{key}.{inner}" if table else f"{key}.{inner}", number)
        self.prefix = f"{prefix}." if prefix else ""

    def place(self, shown: str, dotted: str) -> str:
        """``pyproject.toml:41``."""
        key = self.prefix + dotted
        number = self.found.get(key)
        if number is None:
            number = min((n for k, n in self.found.items() if k.startswith(f"{key}.")), default=None)
        return shown if number is None else f"{shown}:{number}"


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def _validate(document: Mapping[str, Any], shown: str, prefix: str, lines: Lines | None = None) -> None:
    def fail(dotted: str, text: str, hint: str | None = None) -> ConfigError:
        place = shown if lines is None else lines.place(shown, dotted)
        table = ".".join(p for p in (prefix, dotted.rpartition(".")[0]) if p)
        return ConfigError(f"{place}: [{table}] {text}" if table else f"{place}: {text}", help=hint)

    def keys(table: Mapping[str, Any], known: Iterable[str], base: str) -> None:
        allowed = list(known)
        for key in table:
            if key not in allowed:
                close = get_close_matches(key, allowed, 1)
                more = f" (did you mean '{close[0]}'?)" if close else ""
                raise fail(
                    f"{base}{key}", f"unknown key '{key}'{more}", f"known: {', '.join(sorted(allowed))}"
                )

    def forms(table: Mapping[str, Any], schema: Mapping[str, Form], base: str) -> None:
        for key, value in table.items():
            wanted, fits = schema[key]
            if not fits(value):
                raise fail(f"{base}{key}", f"'{key}' must be {wanted}, not {value!r}")
        for key, level in table.get("severity", {}).items():
            if not KEYS["fail-on"][1](level):
                raise fail(f"{base}severity.{key}", f"'{key}' must be {KEYS['fail-on'][0]}, not {level!r}")
        for key, options in table.get("rules", {}).items():
            if not isinstance(options, dict):
                raise fail(f"{base}rules.{key}", f"'{key}' must be a table of options, not {options!r}")
        for key, size in table.get("dims", {}).items():
            if not is_size(size):
                wanted = "a size, or a range such as { min = 224, max = 512 }"
                raise fail(f"{base}dims.{key}", f"'{key}' must be {wanted}, not {size!r}")
        for key, shape in table.get("shapes", {}).items():
            if not isinstance(shape, list) or not all(
                isinstance(d, int | str) and not isinstance(d, bool) for d in shape
            ):
                raise fail(
                    f"{base}shapes.{key}", f"'{key}' must be a list of sizes and symbols, not {shape!r}"
                )
        for key, span in table.get("input-ranges", {}).items():
            if not INTERVAL[1](span):
                raise fail(f"{base}input-ranges.{key}", f"'{key}' must be {INTERVAL[0]}, not {span!r}")
        for key, limit in table.get("budget", {}).items():
            if key.endswith("-increase") and growth(limit) is None:
                wanted = "a percentage such as '2%', or a number such as '10M'"
                raise fail(f"{base}budget.{key}", f"'{key}' must be {wanted}, not {limit!r}")
        bounds = table.get("limits", {})
        keys(bounds, LIMITS, f"{base}limits.")
        for key, value in bounds.items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise fail(f"{base}limits.{key}", f"'{key}' must be a number of 1 or more, not {value!r}")
        for key, condition in table.get("policy", {}).items():
            if wrong := malformed(key, condition):
                raise fail(f"{base}policy.{key}", wrong)
        keys(table.get("budget", {}), [*BUDGET, *(f"{k}-increase" for k in INCREASE)], f"{base}budget.")
        keys(table.get("policy", {}), POLICY, f"{base}policy.")

    keys(document, KEYS, "")
    forms(document, KEYS, "")
    for override in document.get("overrides", ()):
        keys(override, OVERRIDE, "overrides.")
        forms(override, OVERRIDE, "overrides.")
        if not override.get("files") and not override.get("nodes"):
            raise fail("overrides", "an override needs 'files' or 'nodes'")
        extra = sorted(override.keys() - NODE_KEYS) if override.get("nodes") else []
        if extra:
            raise fail(f"overrides.{extra[0]}", f"'{extra[0]}' cannot be set for single nodes")


def _check_version(document: Mapping[str, Any], shown: str) -> None:
    wanted = document.get("required-version")
    if wanted is None:
        return
    for part in wanted.split(","):
        found = re.fullmatch(r"\s*(>=|<=|==|!=|<|>|~=)?\s*v?(\d+(?:\.\d+)*)\s*", part)
        if not found:
            raise ConfigError(f"{shown}: required-version {wanted!r} is not of the form '>=1.0,<2'")
        if not _satisfies(_numbers(archlint.__version__), found[1] or "==", _numbers(found[2])):
            raise ConfigError(f"{shown}: archlint {wanted} is required, this is {archlint.__version__}")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", text)[:3])


def _satisfies(have: tuple[int, ...], sign: str, want: tuple[int, ...]) -> bool:
    width = max(len(have), len(want))
    a, b = (v + (0,) * (width - len(v)) for v in (have, want))
    if sign == "~=":
        return a >= b and have[: len(want) - 1] == want[:-1]
    return {">=": a >= b, "<=": a <= b, "==": a == b, "!=": a != b, "<": a < b, ">": a > b}[sign]
