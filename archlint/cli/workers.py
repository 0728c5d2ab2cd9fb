"""Many files on several processes: one that dies or hangs costs its own file alone.

Workers are forked when everything is imported and configured, get one path at a time, and send back
what they found. Where a process cannot be forked, files are worked on one after the other here.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing import connection
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.context import ForkContext, ForkProcess

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Lost:
    """A file without a result: its worker was stopped after ``seconds``, or ended by itself."""

    path: str
    reason: str
    late: bool = False


def can_fork() -> bool:
    """True where a fork is safe: on Linux, from a process that runs one thread."""
    return sys.platform == "linux" and threading.active_count() == 1


def in_parallel(
    paths: Iterable[str], work: Callable[[str], R], jobs: int, timeout: float | None
) -> Iterator[R | Lost]:
    """Results of ``work`` for every path, in the order given, as soon as they and all before are there."""
    crew: _Crew[R] = _Crew(work, jobs, timeout)
    try:
        yield from crew.run(iter(paths))
    finally:
        crew.stop()


@dataclass(slots=True, eq=False)
class _Worker:
    process: ForkProcess
    line: connection.Connection
    number: int = -1
    path: str = ""
    deadline: float | None = None


class _Crew(Generic[R]):
    def __init__(self, work: Callable[[str], R], jobs: int, timeout: float | None) -> None:
        self.work = work
        self.jobs = jobs
        self.timeout = timeout
        self.context: ForkContext = multiprocessing.get_context("fork")
        self.workers: list[_Worker] = []
        self.done: dict[int, R | Lost] = {}

    def run(self, paths: Iterator[str]) -> Iterator[R | Lost]:
        given = told = 0
        more = True
        while True:
            while more and sum(w.number >= 0 for w in self.workers) < self.jobs:
                path = next(paths, None)
                if path is None:
                    more = False
                    break
                self._give(given, path)
                given += 1
            if told == given and not more:
                return
            self._wait()
            while told in self.done:
                yield self.done.pop(told)
                told += 1

    def _give(self, number: int, path: str) -> None:
        worker = next((w for w in self.workers if w.number < 0), None) or self._hire()
        worker.number, worker.path = number, path
        worker.deadline = None if self.timeout is None else time.monotonic() + self.timeout
        try:
            worker.line.send(path)
        except OSError:
            self._lost(worker)

    def _hire(self) -> _Worker:
        ours, theirs = self.context.Pipe()
        inherited = [w.line for w in self.workers] + [ours]
        process = self.context.Process(target=_serve, args=(theirs, self.work, inherited), daemon=True)
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self.workers.append(worker)
        return worker

    def _wait(self) -> None:
        busy = {w.line: w for w in self.workers if w.number >= 0}
        deadlines = [w.deadline for w in busy.values() if w.deadline is not None]
        patience = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
        for line in connection.wait(list(busy), patience):
            worker = busy[line]  # type: ignore[index]
            try:
                found = worker.line.recv()
            except Exception:  # noqa: BLE001 - it ended, or what it sent cannot be read
                self._lost(worker)
            else:
                self.done[worker.number], worker.number = found, -1
        now = time.monotonic()
        for worker in busy.values():
            if worker.number >= 0 and worker.deadline is not None and worker.deadline <= now:
                self._lost(worker, late=True)

    def _lost(self, worker: _Worker, *, late: bool = False) -> None:
        worker.process.kill() if late else worker.process.join(1)
        worker.process.kill()
        worker.process.join()
        code = worker.process.exitcode or 0
        name = signal.Signals(-code).name if code < 0 else f"status {code}"
        reason = f"not done after {self.timeout:g} s" if late else f"its process ended with {name}"
        if name == "SIGBUS":
            reason += " (did the file become shorter while it was read?)"
        self.done[worker.number] = Lost(worker.path, reason, late)
        self.workers.remove(worker)
        worker.line.close()

    def stop(self) -> None:
        for worker in self.workers:
            worker.line.close()
            if worker.number >= 0:
                worker.process.kill()
        for worker in self.workers:
            worker.process.join(5)
            worker.process.kill()


def _serve(line: connection.Connection, work: Callable[[str], Any], inherited: list[Any]) -> None:
    """Work on paths until the other end is closed; Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in inherited:
        other.close()
    while True:
        try:
            path = line.recv()
        except (EOFError, OSError):
            os._exit(0)
        line.send(work(path))
