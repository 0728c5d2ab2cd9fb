"""`Operator`: one class per operator, closed at three methods: outputs, cost, bounds."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from archlint.errors import ShapeError
from archlint.ops.attribute import Attribute
from archlint.ops.interval import ANY, Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from archlint.model import Fact, Graph, Node
    from archlint.ops.cost import Cost


class Walker(Protocol):
    """The propagation that runs an operator; control flow asks it to run bodies."""

    def run_body(self, graph: Graph, inputs: Sequence[Fact], *, reachable: bool = True) -> list[Fact]:
        """Facts of the outputs of ``graph`` when its inputs are as given."""
        ...

    def trial(self) -> AbstractContextManager[None]:
        """A stretch in which contradictions are not noted: a body that is only tried out."""
        ...

    @property
    def spare(self) -> bool:
        """True while bodies may be walked to try something out; else one walk must do."""
        ...

    @property
    def trying(self) -> bool:
        """True inside a trial."""
        ...


@dataclass(frozen=True, slots=True)
class Signature:
    """Which operator a class defines: domain, name, and the opset version it holds from."""

    domain: str
    op_type: str
    since: int


class Operator:
    """What one operator does to shapes, what it costs, and which values it can produce.

    ``attrs`` are the node's attributes, ``opset`` the version of its domain in force. Subclasses
    name their inputs in ``outputs``; an optional input that is left out arrives as None. One is
    ``numberless`` when its ``outputs`` look at types and shapes alone, never at numbers that are stored
    or known: then it is asked once for all nodes that are alike.
    """

    signatures: ClassVar[tuple[Signature, ...]] = ()
    required: ClassVar[int] = 0
    accepted: ClassVar[int | None] = 0
    skippable: ClassVar[frozenset[int]] = frozenset()
    gapless: ClassVar[bool] = False
    declared: ClassVar[Mapping[str, str]] = {}
    deterministic: ClassVar[bool] = True
    numberless: ClassVar[bool] = False

    def __init__(
        self, node: Node, attrs: Mapping[str, Any], opset: int, walker: Walker | None = None
    ) -> None:
        self.node = node
        self.attrs = attrs
        self.opset = opset
        self.walker = walker
        self.body_costs: dict[str, Cost] = {}

    def outputs(self, *inputs: Any) -> list[Fact]:
        """Facts of the outputs, in order; may be fewer than the node names when the rest is unknown.

        Raises `ShapeError` for a contradiction and `Undetermined` when nothing can be said.
        """
        raise NotImplementedError

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Operation counts for known shapes; None when the operator has no count."""
        return None

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        """Values that each output can take, given those of the inputs; `ANY` is always sound."""
        return [ANY] * len(outs)

    def call(self, inputs: Sequence[Fact | None]) -> list[Fact]:
        """``outputs``, after the number of inputs and the types of the attributes have been checked."""
        given = list(inputs)
        while given and given[-1] is None:
            given.pop()
        if self.accepted is not None and len(given) > self.accepted:
            message = f"{self.node.op_type} takes at most {self.accepted} inputs, gets {len(given)}"
            raise ShapeError("input-count", message)
        needed = max(self.required, len(given)) if self.gapless else self.required
        missing = [
            i for i in range(needed) if i >= len(given) or (given[i] is None and i not in self.skippable)
        ]
        if missing:
            message = f"{self.node.op_type} needs {needed} inputs, input {missing[0]} is missing"
            raise ShapeError("input-count", message)
        for name in self.attrs:
            if name in self.declared:
                getattr(self, self.declared[name])  # raises for a value of the wrong type
        return self.outputs(*given)


C = TypeVar("C", bound=type[Operator])


def operator(op_type: str, *, domain: str = "", since: int = 1) -> Callable[[C], C]:
    """Mark a class as the definition of ``domain::op_type`` from opset ``since`` on; stackable."""

    def mark(cls: C) -> C:
        own = cls.__dict__.get("signatures", ())
        cls.signatures = (Signature(domain, op_type, since), *own)
        parameters = list(inspect.signature(cls.outputs).parameters.values())[1:]
        named = [p for p in parameters if p.kind is not p.VAR_POSITIONAL]
        cls.required = sum(p.default is p.empty for p in named)
        members = {k: v for c in reversed(cls.__mro__) for k, v in vars(c).items()}
        cls.declared = {v.name: k for k, v in members.items() if isinstance(v, Attribute)}
        cls.skippable = frozenset(i for i, p in enumerate(named) if "None" in str(p.annotation))
        rest = [p for p in parameters if p.kind is p.VAR_POSITIONAL]
        cls.gapless = any("None" not in str(p.annotation) and p.annotation != "Any" for p in rest)
        cls.accepted = None if len(named) < len(parameters) else len(named)
        return cls

    return mark
