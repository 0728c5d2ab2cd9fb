"""What propagation finds: steps, the scopes they run in, and the contradictions between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archlint.model import UNKNOWN, Draft, Fact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archlint.analyses.likeness import Likeness
    from archlint.errors import ShapeError
    from archlint.model import Graph, Node, Weight
    from archlint.ops import Operator


@dataclass(eq=False, slots=True)
class Step:
    """One operator as it runs: its definition, the facts around it, the scopes it opened.

    ``operator`` is None for an operator nobody defines; ``reason`` says why outputs are unknown.
    ``alike`` is shared by the steps that differ in names and stored numbers only, where that decides.
    """

    node: Node
    operator: Operator | None
    ins: list[Fact | None]
    outs: list[Fact]
    children: dict[str, Scope] = field(default_factory=dict)
    reason: str | None = None
    alike: Likeness | None = None


@dataclass(eq=False, slots=True)
class Scope:
    """A graph walked with given inputs; ``path`` names the nodes and bodies that lead to it.

    ``reachable`` is False for the branch of an If that its known condition never takes: its facts
    hold if it ran, its contradictions are remarks: onnxruntime refuses some of them all the same.
    """

    path: tuple[str, ...]
    graph: Graph
    facts: dict[str, Fact]
    opsets: Mapping[str, int]
    outer: Scope | None = None
    steps: list[Step] = field(default_factory=list)
    arguments: dict[str, Any] = field(default_factory=dict)
    """Attribute values of the function call that this scope is the body of."""
    absent: frozenset[str] = frozenset()
    """Inputs of the function that its caller leaves out."""
    reachable: bool = True

    def fact(self, name: str) -> Fact:
        """What is known of tensor ``name``, looked up through the enclosing scopes."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.facts.get(name)
            if found is not None:
                return found
            weight = scope.graph.weights.get(name)
            if weight is not None:
                fact = scope.facts[name] = weight_fact(weight)
                return fact
            scope = scope.outer
        return UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class Defect:
    """A contradiction met at a step, with the rule that reports it and its numbers."""

    step: Step
    scope: Scope
    error: ShapeError

    def says(self) -> Draft:
        """The statement of the rule that reports it, at the rule's own severity."""
        error = self.error
        place = self.step.node.at(error.subject)
        return place.says(error.message, severity=error.severity, hint=error.help, **error.data)


@dataclass(eq=False)
class Shapes:
    """Result of propagation: scopes (the main one first), steps by node, defects.

    ``failures`` holds the operators that raised something unforeseen: their outputs are unknown, the
    rest of the analysis stands, and the error is kept so that it can be reported as a bug.
    """

    main: Scope
    defects: list[Defect]
    scopes: list[Scope]
    failures: list[tuple[Step, Exception]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._steps: dict[int, list[Step]] = {}
        for scope in self.scopes:
            for step in scope.steps:
                self._steps.setdefault(id(step.node), []).append(step)

    def steps(self, node: Node) -> list[Step]:
        """Every run of ``node``: one, or one for each distinct call of its function."""
        return self._steps.get(id(node), [])

    def alike(self, node: Node) -> Likeness | None:
        """What ``node`` shares with nodes that differ in names and numbers; None when it runs often."""
        steps = self.steps(node)
        return steps[0].alike if len(steps) == 1 else None

    def inputs(self, node: Node) -> list[Fact | None]:
        """Facts of the node's inputs at its first run; None where an optional one is left out."""
        steps = self.steps(node)
        return steps[0].ins if steps else [UNKNOWN if n else None for n in node.inputs]

    def outputs(self, node: Node) -> list[Fact]:
        """Facts of the node's outputs at its first run."""
        steps = self.steps(node)
        return steps[0].outs if steps else [UNKNOWN] * len(node.outputs)

    def of(self, kind: str, node: Node | None = None) -> list[Defect]:
        """The defects that rule ``kind`` reports, of ``node`` alone when one is given."""
        return [d for d in self.defects if d.error.kind == kind and (node is None or d.step.node is node)]


def weight_fact(weight: Weight) -> Fact:
    """The fact of a stored tensor."""
    return Fact(weight.dtype, weight.shape, weight=weight, constant=True)
