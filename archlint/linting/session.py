"""`Session`: a run's rules and settings, turned into a plan for each file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import archlint
from archlint.linting.collect import collect
from archlint.linting.engine import Settings
from archlint.linting.lint import Plan
from archlint.linting.linted import Checked
from archlint.linting.notice import notices
from archlint.linting.select import selector, split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archlint.linting.notice import Notice
    from archlint.linting.rule import Rule
    from archlint.symbolic import Dim


class Session:
    """Everything that is the same for all files of a run; raises `ConfigError`."""

    def __init__(
        self,
        *,
        plugins: bool = True,
        select: Sequence[str] = (),
        extend_select: Sequence[str] = (),
        ignore: Sequence[str] = (),
        fail_on: str | None = None,
        min_severity: str | None = None,
        weights: str = "auto",
        dims: Mapping[str, Dim] | None = None,
        shapes: Mapping[str, tuple[Dim, ...]] | None = None,
    ) -> None:
        self.rules = collect(plugins=plugins)
        self.catalogue: dict[str, Rule | Notice] = {**notices(), **{r.code: r for r in self.rules}}
        every = list(self.catalogue.values())
        chosen = [(selector(t, every, "--select"), True) for t in split(select)]
        chosen += [(selector(t, every, "--extend-select"), True) for t in split(extend_select)]
        left_out = [(selector(t, every, "--ignore"), False) for t in split(ignore)]
        self.choice = chosen + left_out
        self.defaults = not select
        self.fail_on = fail_on or "warning"
        self.min_severity = min_severity or "info"
        self.weights = weights
        self.dims = dims or {}
        self.shapes = shapes or {}

    def active(self, entry: Rule | Notice) -> bool:
        """Whether the most specific selector that names ``entry`` chooses it; the last of equals wins."""
        said, rank = entry.default and self.defaults, -1
        for chosen, wanted in self.choice:
            if entry.code in chosen.codes and chosen.rank >= rank:
                said, rank = wanted, chosen.rank
        return said

    def plan(self, path: str) -> Plan:
        """What to do with the file ``path``."""
        return Plan(
            tuple(r for r in self.rules if self.active(r)),
            Settings(),
            self.fail_on,
            self.min_severity,
            self.weights,
            self.dims,
            self.shapes,
            frozenset(
                n.code
                for n in notices().values()
                if any(n.code in c.codes and not wanted for c, wanted in self.choice) and not self.active(n)
            ),
        )

    def start(self, *, exit_zero: bool = False) -> Checked:
        """An empty run."""
        return Checked(catalogue=self.catalogue, version=archlint.__version__, exit_zero=exit_zero)
