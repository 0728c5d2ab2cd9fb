"""Streams: what a recurrent layer gives to the next one, run on the inputs it is itself judged on.

The box of a recurrent layer's output is [-1, 1] in every feature, and drawing from it says little
of what the next layer really reads. The layer below can be run, so it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.dataflow import attributes
from archlint.analyses.recurrent import rollout
from archlint.analyses.recurrent.verdicts import ROLLOUT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from archlint.analyses.dataflow import Dataflow, Origin
    from archlint.analyses.recurrent.cell import Drive, Recurrence
    from archlint.analyses.shapes import Step

    Array: TypeAlias = np.ndarray[Any, Any]
    Runs: TypeAlias = tuple[Array, Array]

_PASSING = frozenset({"Identity", "Dropout", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten"})


class Streams:
    """Outputs of the layers judged so far, run when a later layer reads them."""

    def __init__(self, flow: Dataflow) -> None:
        self.flow = flow
        self._made: dict[int, tuple[Sequence[tuple[str, Recurrence]], Drive]] = {}
        self._runs: dict[int, Runs] = {}

    def add(self, step: Step, made: Sequence[tuple[str, Recurrence]], drive: Drive) -> None:
        """Remembers the layer that ``step`` is: a cell for each direction, and what they read."""
        self._made[id(step)] = (made, drive)

    def of(self, origin: Origin, features: int) -> Runs | None:
        """Inputs [steps, batch, features] of a layer that reads ``origin``, usual and strained.

        None when it is not the whole output of a layer with only its axes moved in between.
        """
        step = self._below(origin)
        made, drive = self._made.get(id(step), ((), None))
        if drive is None or sum(r.hidden for _, r in made) != features:
            return None
        if max(r.hidden for _, r in made) > ROLLOUT_LIMIT:
            return None
        known = self._runs.get(id(step))
        if known is None:
            many, few = rollout.sequences(max(r.hidden for _, r in made))
            usual, strained = rollout.drawn(drive, many), rollout.strained(drive, few)
            first = _output(made, usual)
            known = first, first if strained is None else _output(made, strained)
            self._runs[id(step)] = known
        return known

    def _below(self, origin: Origin) -> Step | None:
        """The layer whose first output is ``origin``, features of its directions side by side."""
        for _ in range(32):
            step = origin.step
            if step is None or id(step) in self._made:
                return step if origin.index == 0 else None
            kind = step.node.kind
            if kind == "Transpose":
                perm = attributes(origin.scope, step.node).get("perm")
                if not isinstance(perm, tuple) or perm[-1] != len(perm) - 1:
                    return None
            elif kind not in _PASSING:
                return None
            before = self.flow.input(origin, 0)
            if before is None:
                return None
            origin = before
        return None


def _output(made: Sequence[tuple[str, Recurrence]], steps: Iterator[Array]) -> Array:
    import numpy as np

    x = np.stack(list(steps)).astype(np.float32, copy=False)
    parts = []
    for way, cell in made:
        turn = slice(None, None, -1) if way == "reverse" else slice(None)
        parts.append(np.stack([m.h for m in rollout.simulate(cell, x[turn])])[turn])
    return np.concatenate(parts, axis=-1)
