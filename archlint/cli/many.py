"""Files checked one after the other or side by side, with the results of earlier runs put in between."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from archlint.cli.bounds import TimeoutExceeded, time_bounded
from archlint.cli.workers import Lost, can_fork, in_parallel
from archlint.linting import Linted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from archlint.cli.cache import Cache
    from archlint.linting.session import Session


class Many:
    """The files of a run. ``work`` checks one, for ``timeout`` seconds at most, in one of ``jobs`` processes."""

    def __init__(
        self, session: Session, work: Callable[[str], Linted], *, jobs: int | None, timeout: float
    ) -> None:
        self.session = session
        self.work = work
        self.jobs = jobs
        self.timeout = timeout
        self.cache: Cache | None = None

    def remember(self, **context: object) -> None:
        """Use the results of earlier runs with the same ``context``, and keep those of this one."""
        from archlint.cli.cache import Cache

        self.cache = Cache(".", self.session.rules, sorted(context.items()))

    def check(self, paths: Iterable[str]) -> Iterator[Linted]:
        """What is found in each file, in the order given."""
        paths = iter(paths)
        if not can_fork():
            for path in paths:
                yield self._known(path) or self._here(path)
            return
        jobs = self.jobs or len(os.sched_getaffinity(0))
        first = list(islice(paths, jobs))
        for found in self._side_by_side(first, paths, max(1, min(jobs, len(first)))):
            yield self._whole(found) if isinstance(found, Linted) else self._lost(found)

    def _here(self, path: str) -> Linted:
        """The result of a file checked in this process."""
        try:
            with time_bounded(self.timeout):
                return self._keep(self.work(path))
        except TimeoutExceeded:
            return self._lost(Lost(path, f"not done after {self.timeout:g} s", late=True))

    def _side_by_side(self, first: list[str], rest: Iterator[str], jobs: int) -> Iterator[Linted | Lost]:
        """Results in order; a known one waits for those of the files before it."""
        known: dict[int, Linted] = {}
        count = 0

        def unknown() -> Iterator[str]:
            nonlocal count
            for source in (first, rest):
                for path in source:
                    found = self._known(path)
                    count += 1
                    if found is None:
                        yield path
                    else:
                        known[count - 1] = found

        at = 0
        for found in in_parallel(unknown(), self._bare, jobs, self.timeout):
            while at in known:
                yield known.pop(at)
                at += 1
            at += 1
            yield self._keep(found) if isinstance(found, Linted) else found
        while at in known:
            yield known.pop(at)
            at += 1

    def _bare(self, path: str) -> Linted:
        """A result without its rules, which do not travel between processes."""
        return replace(self.work(path), ran=(), skipped=())

    def _whole(self, found: Linted) -> Linted:
        if found.format is None or found.ran:
            return found
        plan = self.session.plan(found.path)
        active = plan.active
        codes = {r.code for r in active}
        return replace(found, ran=active, skipped=tuple(r for r in plan.rules if r.code not in codes))

    def _known(self, path: str) -> Linted | None:
        found = self.cache.get(path, self.session.plan(path)) if self.cache is not None else None
        return self._whole(found) if found is not None else None

    def _keep(self, found: Linted) -> Linted:
        if self.cache is not None:
            self.cache.put(found.path, found)
        return found

    def _lost(self, lost: Lost) -> Linted:
        """The finding that a worker leaves behind: too slow is the file's fault, dying is ours."""
        from archlint.errors import LoadError
        from archlint.linting.lint import from_error

        code = "IO010" if lost.late else "INT002"
        hint = "--timeout allows more" if lost.late else None
        finding = from_error(
            lost.path, LoadError(code, f"{lost.reason}; this file was not analysed", help=hint)
        )
        return Linted(lost.path, None, (finding,), crashed=not lost.late, fails=True)
