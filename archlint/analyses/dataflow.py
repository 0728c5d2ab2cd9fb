"""Where a tensor comes from: through enclosing scopes, function calls and nodes that only pass it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archlint.analyses.shapes import Scope, Shapes, Step
from archlint.model import UNKNOWN, AttributeReference, Fact, Graph, Model, Node, Weight

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Origin:
    """The maker of a tensor: a stored weight, output ``index`` of a step, or an input of ``scope``.

    ``scope`` is where it is made, which may enclose the scope that asked. With neither ``weight``
    nor ``step`` it is a graph input, a body's input, or a name that nothing makes.
    """

    scope: Scope
    name: str
    weight: Weight | None = None
    step: Step | None = None
    index: int = 0

    @property
    def key(self) -> tuple[int, str]:
        """The same for two origins that are the same tensor."""
        return id(self.scope), self.name

    @property
    def op(self) -> str:
        """Operator kind of the maker; empty for weights and inputs."""
        return self.step.node.kind if self.step is not None else ""

    @property
    def fact(self) -> Fact:
        """What propagation knows of the tensor."""
        return self.scope.fact(self.name) if self.name else UNKNOWN


class Dataflow:
    """Tensors followed upstream over a propagated model.

    Bodies that no operator walked (those of an unknown operator) are opened here with unknown
    facts, so that what they hold is never overlooked.
    """

    def __init__(self, model: Model, shapes: Shapes) -> None:
        self.model = model
        self.shapes = shapes
        self.scopes: list[Scope] = list(shapes.scopes)
        self._callers: dict[int, tuple[Scope, Step]] = {}
        self._shared: set[int] = set()
        self._functions = {id(f.graph): f for f in model.functions.values()}
        self._steps: dict[int, dict[int, Step]] = {}
        self._uses: dict[int, dict[str, list[tuple[Step, int]]]] = {}
        for scope in self.scopes:  # grows while it is walked
            for step in scope.steps:
                self._open_bodies(scope, step)
                for child in step.children.values():
                    if self._callers.setdefault(id(child), (scope, step))[1] is not step:
                        self._shared.add(id(child))

    def _open_bodies(self, scope: Scope, step: Step) -> None:
        if len(scope.path) > 64:
            return
        for label, body in step.node.bodies.items():
            if label in step.children:
                continue
            path = (*scope.path, step.node.label, label)
            facts = {n: f for n, f in body.inputs.items() if n not in body.weights}
            child = Scope(path, body, facts, scope.opsets, scope, arguments=scope.arguments)
            child.steps += [
                Step(n, None, [UNKNOWN if i else None for i in n.inputs], [UNKNOWN] * len(n.outputs))
                for n in body.order
            ]
            step.children[label] = child
            self.scopes.append(child)

    def caller(self, scope: Scope) -> tuple[Scope, Step] | None:
        """The scope and step whose body or function ``scope`` is; None for the main one.

        Of a scope that several calls share, the first.
        """
        return self._callers.get(id(scope))

    def step(self, scope: Scope, node: Node) -> Step | None:
        """The run of ``node`` in ``scope``."""
        steps = self._steps.get(id(scope))
        if steps is None:
            steps = self._steps[id(scope)] = {id(s.node): s for s in scope.steps}
        return steps.get(id(node))

    def uses(self, scope: Scope, name: str) -> list[tuple[Step, int]]:
        """The steps of ``scope`` itself that read tensor ``name``, with the input number."""
        known = self._uses.get(id(scope))
        if known is None:
            known = self._uses[id(scope)] = {}
            for step in scope.steps:
                for i, read in enumerate(step.node.inputs):
                    if read:
                        known.setdefault(read, []).append((step, i))
        return known.get(name, [])

    def origin(self, name: str, scope: Scope) -> Origin:
        """The maker of tensor ``name`` as ``scope`` sees it."""
        while True:
            graph: Graph = scope.graph
            weight = graph.weights.get(name)
            if weight is not None:
                return Origin(scope, name, weight=weight)
            node = graph.producers.get(name)
            if node is not None:
                step = self.step(scope, node)
                return Origin(scope, name, step=step, index=node.outputs.index(name))
            called = self._argument(name, scope)
            if called is not None:
                name, scope = called
                if not name:
                    return Origin(scope, "")
                continue
            if name in graph.inputs or scope.outer is None:
                # calls that share a scope were given the same stored tensor
                given = scope.facts.get(name) if id(graph) in self._functions else None
                return Origin(scope, name, weight=None if given is None else given.weight)
            scope = scope.outer

    def _argument(self, name: str, scope: Scope) -> tuple[str, Scope] | None:
        """The tensor that a function's only caller passed for its parameter ``name``."""
        function = self._functions.get(id(scope.graph)) if scope.outer is None else None
        above = self._callers.get(id(scope))
        if function is None or above is None or id(scope) in self._shared or name not in function.inputs:
            return None
        caller, step = above
        i = function.inputs.index(name)
        return (step.node.inputs[i] if i < len(step.node.inputs) else ""), caller

    def through(self, origin: Origin, kinds: frozenset[str]) -> Origin:
        """``origin`` after every step of ``kinds`` has been followed to its first input."""
        while origin.step is not None and origin.op in kinds and origin.step.node.inputs:
            origin = self.origin(origin.step.node.inputs[0], origin.scope)
        return origin

    def input(self, origin: Origin, index: int) -> Origin | None:
        """The maker of input ``index`` of the step that made ``origin``; None where it is left out."""
        step = origin.step
        if step is None or index >= len(step.node.inputs) or not step.node.inputs[index]:
            return None
        return self.origin(step.node.inputs[index], origin.scope)


def attributes(scope: Scope, node: Node) -> Mapping[str, Any]:
    """Attributes of ``node``, references to the enclosing function's arguments resolved."""
    attrs = node.attrs
    if any(isinstance(v, AttributeReference) for v in attrs.values()):
        resolved = {
            k: scope.arguments.get(v.name) if isinstance(v, AttributeReference) else v
            for k, v in attrs.items()
        }
        return {k: v for k, v in resolved.items() if v is not None}
    return attrs
