"""Steps that are alike: the same operator on the same types and shapes, whatever the tensors are called.

Deep models repeat a few blocks thousands of times, and so do the models of one run. What depends on
nothing but the likeness of a step is found once: its output facts, its bounds for given ranges, and
that a local rule has nothing to say.
"""

from __future__ import annotations

import marshal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archlint.symbolic import is_known

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from archlint.model import Fact
    from archlint.ops import Interval, Operator

MOST = 1 << 15
"""Likenesses that are remembered; past it, all are forgotten and found again."""


@dataclass(eq=False, slots=True)
class Likeness:
    """What alike steps share: the facts of their outputs, and their bounds by those of their inputs."""

    outs: list[Fact]
    bounds: dict[Hashable, list[Interval]] = field(default_factory=dict)


class Likenesses:
    """The likenesses met so far, by the keys that `likeness` gives."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Likeness] = {}

    def get(self, key: Hashable) -> Likeness | None:
        """What earlier steps of this key found; None for the first one."""
        return self._known.get(key)

    def learn(self, key: Hashable, outs: Sequence[Fact]) -> Likeness | None:
        """Remember the outputs of a step; None where they hold numbers, or sizes of their own."""
        for fact in outs:
            if fact.content is not None or fact.weight is not None or fact.kind != "tensor":
                return None
            if fact.shape is None or not all(type(d) is int or is_known(d) for d in fact.shape):
                return None
        if len(self._known) >= MOST:
            self._known.clear()
        found = self._known[key] = Likeness(list(outs))
        return found


def likeness(operator: Operator, attrs: Mapping[str, Any], ins: Sequence[Fact | None]) -> Hashable | None:
    """A key that only steps with equal outputs share; None where stored numbers could take part.

    Operators that are `Operator.numberless` never look at the numbers of their inputs; any other one
    might, where there are some.
    """
    node = operator.node
    outputs = node.outputs
    key: list[Any] = [
        type(operator),
        operator.opset,
        len(outputs) if all(outputs) else (*map(bool, outputs),),
    ]
    numbers = not operator.numberless
    for fact in ins:
        if fact is None:
            key.append(None)
            continue
        if fact.content is not None or (numbers and fact.weight is not None) or fact.kind != "tensor":
            return None
        key += (fact.dtype, fact.shape, fact.constant)
    inputs = node.inputs
    if len(inputs) > 1 and len(set(inputs)) < len(inputs):
        return None  # x * x is another thing than x * y
    if attrs:
        try:
            # unlike ==, it tells 1 from 1.0 and from True; version 2 is the last without references
            key.append(marshal.dumps(attrs, 2))  # type: ignore[arg-type]
        except ValueError:
            return None  # tensors, bodies
    return tuple(key)


LIKENESSES = Likenesses()
"""Shared by all models of a process."""
