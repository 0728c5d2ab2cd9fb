"""Memory and time that the analysis of one file may take, kept to from outside of it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

THREAD = 48 << 20
"""Address space that numpy's libraries set aside for each core without using it."""


class TimeoutExceeded(BaseException):
    """Time is up; no handler of exceptions on the way may keep it."""


@contextmanager
def memory_bounded(limit: int) -> Iterator[None]:
    """Inside, data beyond ``limit`` bytes is a `MemoryError`; files mapped do not count. Linux alone."""
    if sys.platform != "linux":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    ceiling = limit + THREAD * (os.cpu_count() or 1)
    for bound in (soft, hard):
        if bound != resource.RLIM_INFINITY:
            ceiling = min(ceiling, bound)
    resource.setrlimit(resource.RLIMIT_DATA, (ceiling, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@contextmanager
def time_bounded(seconds: float) -> Iterator[None]:
    """Raises `TimeoutExceeded` inside after ``seconds``, where signals exist and this is the main thread.

    One long call into a library is waited for; a worker process (`in_parallel`) need not wait.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(_number: int, _frame: Any) -> None:
        raise TimeoutExceeded

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
