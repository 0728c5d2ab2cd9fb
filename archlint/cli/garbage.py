"""The cyclic collector, held off while a model is analysed.

A graph of fifty thousand nodes is a million live objects and no garbage; going through them again and
again costs a third of the time. Between models the collector runs once there is something to collect,
and never goes through what was there before the first model: modules, rules, configuration.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


WORTH = 100_000
"""Objects left behind from which on a collection is worth its time."""


@contextmanager
def held_off() -> Iterator[None]:
    """No collection inside; what the last model left is collected on entering."""
    if gc.isenabled():
        gc.disable()
        gc.freeze()
    elif gc.get_count()[0] > WORTH:
        gc.collect()
        gc.freeze()
    yield
