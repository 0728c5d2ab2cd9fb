"""`Session`: a run's rules and settings, turned into a plan for each file."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import archlint
from archlint.errors import ConfigError
from archlint.linting.collect import collect
from archlint.linting.config import Config, find_config, read_config, shown_path
from archlint.linting.config_schema import BUDGET, POLICY
from archlint.linting.discover import INCLUDE, repository, spec
from archlint.linting.engine import Settings
from archlint.linting.lint import POINTER, NodeOverride, Plan
from archlint.linting.linted import Checked
from archlint.linting.notice import Notice, notices
from archlint.linting.options import checked
from archlint.linting.rule import Rule
from archlint.linting.select import Selector, selector, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from archlint.symbolic import Dim


COMMAND = "command line"


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says; None and empty mean that it says nothing."""

    plugins: bool = True
    isolated: bool = False
    config: Sequence[str] = ()
    select: Sequence[str] = ()
    extend_select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    fail_on: str | None = None
    min_severity: str | None = None
    weights: str | None = None
    lfs: str | None = None
    targets: Sequence[str] = ()
    pedantic: bool = False
    dims: Mapping[str, Dim | tuple[int, int | None]] = field(default_factory=dict)
    shapes: Mapping[str, tuple[Dim, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One source's say on which rules run; ``only`` means that it starts from none."""

    only: bool
    choices: tuple[tuple[Selector, bool], ...]

    def says(self, code: str) -> bool | None:
        said, rank = None, -1
        for chosen, wanted in self.choices:
            if code in chosen.codes and chosen.rank >= rank:
                said, rank = wanted, chosen.rank
        return said


class Session:
    """Everything that is decided before a file is read; raises `ConfigError`."""

    def __init__(self, given: Given | None = None) -> None:
        self.given = given or Given()
        self.warnings: list[str] = []
        self.broken: list[ConfigError] = []
        """What is wrong with plugins and local rules; the rules of the others are there."""
        self.catalogue: dict[str, Rule | Notice] = dict(notices())
        self._configs: dict[str, Config] = {}
        self._found: dict[str, Config] = {}
        self._rules: dict[tuple[Any, ...], list[Rule]] = {}
        self._plans: dict[tuple[int, tuple[int, ...]], Plan] = {}
        self.config = self.config_for(os.curdir)
        self.rules = self.rules_for(self.config)
        every = list(self.catalogue.values())
        with self._explained():
            _layer(COMMAND, every, self.given.select, self.given.extend_select, self.given.ignore)

    def config_for(self, folder: str) -> Config:
        """The settings for models in ``folder``."""
        folder = os.path.abspath(folder)
        if folder not in self._found:
            self._found[folder] = self._config(folder)
        return self._found[folder]

    def _config(self, folder: str) -> Config:
        settings = [text for text in self.given.config if "=" in text and not os.path.exists(text)]
        named = [text for text in self.given.config if text not in settings] or [
            path for path in [os.environ.get("ARCHLINT_CONFIG")] if path
        ]
        if len(named) > 1:
            raise ConfigError(f"several configuration files: {', '.join(named)}")
        path = None if self.given.isolated else named[0] if named else find_config(folder)
        key = path or ""
        if key not in self._configs:
            config = read_config(path) if path else Config(folder=os.path.abspath(os.curdir))
            for text in settings:
                config = config.with_setting(text)
            self._configs[key] = config
        return self._configs[key]

    def rules_for(self, config: Config) -> list[Rule]:
        """The rules installed, and those that ``config`` names itself."""
        wanted = config.get("plugins", "auto")
        local = tuple(config.get("local-rules", ()))
        if local and not self._trusted(config):
            local = ()
            self.warnings.append(f"local rules of {config.path} are not run: it is outside of this project")
        plugins = self.given.plugins and wanted != "none"
        names = None if isinstance(wanted, str) else tuple(wanted)
        key = (plugins, names, local)
        if key not in self._rules:
            self._rules[key] = collect(plugins=plugins, names=names, local=local, broken=self.broken)
            self.catalogue.update({r.code: r for r in self._rules[key]})
        return self._rules[key]

    def _trusted(self, config: Config) -> bool:
        """Local rules are code: only a project that archlint was started in, or a file named, is obeyed."""
        if os.environ.get("ARCHLINT_NO_LOCAL_RULES", "") not in {"", "0"}:
            return False
        if config.path in self.given.config or config.path == os.environ.get("ARCHLINT_CONFIG"):
            return True
        here = os.path.realpath(os.curdir)
        root, folder = os.path.realpath(repository(here) or here), os.path.realpath(config.folder)
        return folder == root or folder.startswith(root + os.sep) or here.startswith(folder + os.sep)

    def excluded(self, path: str) -> bool:
        """Whether the settings for ``path`` exclude it."""
        config = self.config_for(os.path.dirname(path) or ".")
        patterns = config.texts("exclude")
        return bool(patterns) and spec(patterns).match_file(_relative(path, config))

    @property
    def include(self) -> list[str]:
        """Patterns of the files that are models."""
        return list(self.config.get("include", INCLUDE)) + list(self.config.get("extend-include", ()))

    def plan(self, path: str) -> Plan:
        """What to do with the file ``path``."""
        config = self.config_for(os.path.dirname(path) or ".")
        overrides = config.get("overrides", ())
        name = _relative(path, config)
        met = tuple(
            i for i, o in enumerate(overrides) if not o.get("files") or spec(o["files"]).match_file(name)
        )
        key = (id(config), met)
        if key not in self._plans:
            with self._explained():
                self._plans[key] = self._plan(config, [overrides[i] for i in met])
        return self._plans[key]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """A code that nothing has may be one of a plugin that is broken: then that is told too."""
        try:
            yield
        except ConfigError as error:
            told = [error.help, *(f"not loaded: {b.message}" for b in self.broken)]
            raise ConfigError(error.message, help="; ".join(filter(None, told)) or None) from None

    def _plan(self, config: Config, overrides: list[dict[str, Any]]) -> Plan:
        rules = self.rules_for(config)
        every: list[Rule | Notice] = [*notices().values(), *rules]
        where = shown_path(config.path) if config.path else "configuration"
        files = [o for o in overrides if not o.get("nodes")]
        tables = [config.values, *files]
        options: dict[str, dict[str, Any]] = {}
        configured: set[str] = set()
        severity: dict[str, str] = {}
        for table in tables:
            for code, values, wanted in _options(table, rules, every, where):
                options.setdefault(code, {}).update(values)
                if wanted:
                    configured.add(code)
            severity |= _severity(table.get("severity", {}), every, where)
        if self.given.targets:
            for code, values in _targets(self.given.targets, rules, "--target"):
                options.setdefault(code, {}).update(values)
                configured.add(code)
        lfs = self.given.lfs or _last(tables, "lfs", "error")
        if lfs == "warn":
            severity.setdefault(POINTER, "warning")
        layers = [_configured(table, every, where) for table in tables]
        given = self.given
        layers.append(_layer(COMMAND, every, given.select, given.extend_select, given.ignore))
        chosen, ignored = [], {POINTER} if lfs == "skip" else set()
        pedantic = given.pedantic or any(t.get("pedantic") for t in tables)
        for entry in every:
            notice = isinstance(entry, Notice)
            said = entry.default or pedantic or entry.code in configured
            for number, layer in enumerate(layers):
                last = number == len(layers) - 1
                if layer.only and not notice and (last or entry.code not in configured):
                    said = False
                opinion = layer.says(entry.code)
                said = said if opinion is None else opinion
            if notice and not said:
                ignored.add(entry.code)
            elif isinstance(entry, Rule) and said:
                chosen.append(entry)
        return Plan(
            tuple(chosen),
            Settings(severity, options),
            given.fail_on or _last(tables, "fail-on", "warning"),
            given.min_severity or _last(tables, "min-severity", "info"),
            given.weights or _last(tables, "weights", "auto"),
            {k: _size(v) for t in tables for k, v in t.get("dims", {}).items()} | dict(given.dims),
            {k: _shape(v) for t in tables for k, v in t.get("shapes", {}).items()} | dict(given.shapes),
            frozenset(ignored),
            tuple(_node_override(o, every, where) for o in overrides if o.get("nodes")),
            lfs,
            {k: v for t in tables for k, v in t.get("budget", {}).items() if k.endswith("-increase")},
            _ranges(tables),
        )

    def start(self, *, exit_zero: bool = False) -> Checked:
        """An empty run."""
        return Checked(
            catalogue=self.catalogue,
            version=archlint.__version__,
            exit_zero=exit_zero,
        )


def _relative(path: str, config: Config) -> str:
    return os.path.relpath(os.path.abspath(path), config.folder).replace(os.sep, "/")


def _last(tables: Iterable[Mapping[str, Any]], key: str, default: str) -> str:
    for table in tables:
        default = table.get(key, default)
    return default


def _ranges(tables: Iterable[Mapping[str, Any]]) -> dict[str, tuple[float, float]]:
    """Values of graph inputs by name; those of every cell's input under no name."""
    found: dict[str, tuple[float, float]] = {}
    for table in tables:
        spans = dict(table.get("input-ranges", {}))
        if "input-range" in table:
            spans[""] = table["input-range"]
        found |= {name: (float(low), float(high)) for name, (low, high) in spans.items()}
    return found


def _size(value: int | dict[str, int]) -> int | tuple[int, int | None]:
    return (value.get("min", 1), value.get("max")) if isinstance(value, dict) else value


def _shape(value: list[int | str]) -> tuple[Dim, ...]:
    from archlint.symbolic import named

    return tuple(d if isinstance(d, int) else named(d) for d in value)


def _layer(
    where: str,
    every: Sequence[Rule | Notice],
    select: Sequence[str],
    extend: Sequence[str],
    ignore: Sequence[str],
) -> _Layer:
    named = (("select", select, True), ("extend-select", extend, True), ("ignore", ignore, False))
    choices = [
        (selector(text, every, f"--{key}" if where == COMMAND else f"{where}: {key}"), wanted)
        for key, texts, wanted in named
        for text in split(texts)
    ]
    return _Layer(bool(select), tuple(choices))


def _configured(table: Mapping[str, Any], every: Sequence[Rule | Notice], where: str) -> _Layer:
    ignore = [*table.get("ignore", ()), *table.get("extend-ignore", ())]
    layer = _layer(where, every, table.get("select", ()), table.get("extend-select", ()), ignore)
    return _Layer("select" in table, layer.choices)


def _severity(table: Mapping[str, str], every: Sequence[Rule | Notice], where: str) -> dict[str, str]:
    """Levels by code; a code counts more than its prefix."""
    found: dict[str, str] = {}
    ranked = sorted(
        ((selector(k, every, f"{where}: [severity]"), level) for k, level in table.items()),
        key=lambda p: p[0].rank,
    )
    for chosen, level in ranked:
        found |= dict.fromkeys(chosen.codes, level)
    return found


def _node_override(override: Mapping[str, Any], every: Sequence[Rule | Notice], where: str) -> NodeOverride:
    layer = _configured(override, every, where)
    return NodeOverride(
        tuple(override["nodes"]),
        frozenset(e.code for e in every if layer.says(e.code) is False),
        _severity(override.get("severity", {}), every, where),
    )


def _options(
    table: Mapping[str, Any], rules: Sequence[Rule], every: Sequence[Rule | Notice], where: str
) -> Iterable[tuple[str, dict[str, Any], bool]]:
    """Option values by code, and whether they ask for the rule to run."""
    by_name = {r.name: r for r in rules}
    for text, values in table.get("rules", {}).items():
        found = selector(text, every, f"{where}: [rules]")
        for rule in rules:
            if rule.code in found.codes and (len(found.codes) == 1 or values.keys() <= rule.options.keys()):
                yield rule.code, checked(rule, values, where), False
    for section, known in (("budget", BUDGET), ("policy", POLICY)):
        for key, value in table.get(section, {}).items():
            if key.endswith("-increase"):
                continue
            name, option = known[key]
            if name not in by_name:
                raise ConfigError(f"{where}: [{section}] {key}: no rule '{name}' is installed")
            given = checked(by_name[name], {option: value}, f"{where}: [{section}] {key}")
            yield by_name[name].code, given, True
    if "targets" in table:
        for code, given in _targets(table["targets"], rules, where):
            yield code, given, True


def _targets(names: Sequence[str], rules: Sequence[Rule], where: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """The option of every rule that judges a model by the runtimes it is meant for."""
    for rule in rules:
        if "targets" in rule.options:
            yield rule.code, checked(rule, {"targets": list(names)}, where)
