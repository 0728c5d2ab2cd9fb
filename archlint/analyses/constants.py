"""Constants: the numbers of tensors that no run-time input decides, computed when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.dataflow import Dataflow, Origin, attributes
from archlint.analyses.folding import LARGEST, PLAIN, TABLE, stored
from archlint.errors import Undetermined

if TYPE_CHECKING:
    import numpy as np

    from archlint.analyses.shapes import Scope

    Array: TypeAlias = np.ndarray[Any, Any]

KEPT = 1 << 16
"""Results up to this many bytes are remembered; larger ones are computed again when asked."""
DEEPEST = 400
"""Steps in a row that are followed to reach stored numbers."""


class Constants:
    """Numbers of constant tensors, by name and scope.

    Stored weights are given as they are; chains of shape and element arithmetic over them
    (`Slice`, `Concat`, `Transpose`, `DequantizeLinear`...) are computed with NumPy.
    """

    def __init__(self, flow: Dataflow) -> None:
        self.flow = flow
        self._known: dict[tuple[int, str], Array] = {}
        self._refused: dict[tuple[int, str], str] = {}
        self._active: set[tuple[int, str]] = set()

    def of(self, name: str, scope: Scope | None = None) -> Array:
        """The numbers of tensor ``name``; raises `Undetermined` with the reason there are none."""
        return self.at(self.flow.origin(name, scope or self.flow.shapes.main))

    def known(self, name: str, scope: Scope | None = None) -> Array | None:
        """The numbers of tensor ``name``, or None."""
        try:
            return self.of(name, scope)
        except Undetermined:
            return None

    def at(self, origin: Origin) -> Array:
        """The numbers of a tensor by its maker; raises `Undetermined`."""
        key = origin.key
        if key in self._known:
            return self._known[key]
        if key in self._refused:
            raise Undetermined(self._refused[key])
        if key in self._active or len(self._active) > DEEPEST:
            reason = f"'{origin.name}' is computed by a chain too long to follow"
            raise Undetermined(reason)
        self._active.add(key)
        try:
            array = self._compute(origin)
        except Undetermined as unknown:
            self._refused[key] = unknown.reason
            raise
        finally:
            self._active.discard(key)
        if array.nbytes <= KEPT:
            self._known[key] = array
        return array

    def _compute(self, origin: Origin) -> Array:
        import numpy as np

        if origin.weight is not None:
            return stored(origin.weight)
        found = _followed(origin)
        if found is not None:
            return found
        step = origin.step
        if step is None:
            what = f"'{origin.name}' is an input" if origin.name else "an input is left out"
            raise Undetermined(what)
        node = step.node
        if node.op_type == "If" and not node.domain:
            return self._branch(origin)
        evaluate = TABLE.get(node.op_type) if node.domain in _DOMAINS else None
        if evaluate is None:
            reason = f"'{origin.name}' is computed by {node.kind} '{node.label}'"
            raise Undetermined(reason)
        given = [self.of(name, origin.scope) if name else None for name in node.inputs]
        attrs = attributes(origin.scope, node)
        if sum(a.size for a in given if a is not None) * 8 > 4 * LARGEST:
            reason = f"'{origin.name}' is larger than {LARGEST >> 20} MiB"
            raise Undetermined(reason)
        try:
            with np.errstate(all="ignore"):
                made = evaluate(given, attrs)
                return made[origin.index]
        except Undetermined:
            raise
        except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError) as error:
            reason = f"{node.kind} '{node.label}' cannot be computed: {error}"
            raise Undetermined(reason) from None

    def _branch(self, origin: Origin) -> Array:
        """The output of the branch that a constant condition chooses."""
        assert origin.step is not None
        node = origin.step.node
        condition = self.of(node.inputs[0], origin.scope)
        label = "then_branch" if bool(condition.reshape(-1)[0]) else "else_branch"
        body = self.flow.children(origin.scope, origin.step).get(label)
        if body is None or origin.index >= len(body.graph.outputs):
            reason = f"If '{node.label}' has no {label}"
            raise Undetermined(reason)
        return self.of(list(body.graph.outputs)[origin.index], body)


_DOMAINS = ("", "com.microsoft")


def _followed(origin: Origin) -> Array | None:
    """The contents that shape propagation already knows."""
    import numpy as np

    fact = origin.fact
    values = fact.content
    if values is None or fact.shape is None or not all(isinstance(d, int) for d in fact.shape):
        return None
    if not all(isinstance(v, (int, float)) for v in values):
        return None
    dtype = fact.dtype if fact.dtype in PLAIN else None
    return np.asarray(values, dtype=dtype).reshape(fact.shape)
