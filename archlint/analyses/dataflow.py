"""Where a tensor comes from: through enclosing scopes, function calls and nodes that only pass it on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from archlint.analyses.shapes import Scope, Shapes, Step
from archlint.model import UNKNOWN, AttributeReference, Fact, Graph, Model, Node, Weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archlint.model import Function

MOST_SCOPES = 20_000
"""Scopes that are told apart; beyond, calls that propagation walked as one stay one."""
MOST_DEEP = 64


@dataclass(slots=True, unsafe_hash=True)  # made for every use of a tensor: freezing triples the cost
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

    Every call of a function has a scope of its own here, also where propagation walked several
    calls as one. Bodies that no operator walked (those of an unknown operator) are opened with
    unknown facts, so that what they hold is never overlooked.
    """

    def __init__(self, model: Model, shapes: Shapes) -> None:
        self.model = model
        self.shapes = shapes
        self.scopes: list[Scope] = [shapes.main]
        self._callers: dict[int, tuple[Scope, Step]] = {}
        self._shared: set[int] = set()
        self._children: dict[tuple[int, int], dict[str, Scope]] = {}
        self._steps: dict[int, dict[int, Step]] = {}
        self._uses: dict[int, dict[str, list[tuple[Step, int]]]] = {}
        seen = {id(shapes.main)}
        for scope in self.scopes:  # grows while it is walked
            for step in scope.steps:
                found = {**step.children, **self._unopened(scope, step)}
                for label, child in found.items():
                    if id(child) in seen and len(self.scopes) < MOST_SCOPES:
                        path = (*scope.path, step.node.label, *((label,) if child.outer is not None else ()))
                        found[label] = replace(child, path=path, outer=scope if child.outer else None)
                    if id(found[label]) not in seen:
                        seen.add(id(found[label]))
                        self.scopes.append(found[label])
                    else:
                        self._shared.add(id(child))  # too many scopes: what a call passes stays unknown
                    self._callers.setdefault(id(found[label]), (scope, step))
                if found:
                    self._children[id(scope), id(step)] = found

    def _unopened(self, scope: Scope, step: Step) -> dict[str, Scope]:
        """Scopes for the bodies of a step that propagation did not walk."""
        found: dict[str, Scope] = {}
        for label, body in step.node.bodies.items() if len(scope.path) < MOST_DEEP else ():
            if label not in step.children:
                path = (*scope.path, step.node.label, label)
                facts = {n: f for n, f in body.inputs.items() if n not in body.weights}
                found[label] = Scope(path, body, facts, scope.opsets, scope, arguments=scope.arguments)
                found[label].steps += [
                    Step(n, None, [UNKNOWN if i else None for i in n.inputs], [UNKNOWN] * len(n.outputs))
                    for n in body.order
                ]
        return found

    def children(self, scope: Scope, step: Step) -> dict[str, Scope]:
        """The scopes that ``step`` opens when it runs in ``scope``: bodies by attribute, or a function."""
        return self._children.get((id(scope), id(step)), {})

    def called(self, scope: Scope, step: Step) -> tuple[Function, Scope] | None:
        """The function that ``step`` calls, and its scope for this call."""
        node = step.node
        function = self.model.functions.get((node.domain, node.op_type, node.overload))
        inner = self.children(scope, step)
        return None if function is None or not inner else (function, next(iter(inner.values())))

    def caller(self, scope: Scope) -> tuple[Scope, Step] | None:
        """The scope and step whose body or function ``scope`` is; None for the main one."""
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
                index = node.outputs.index(name)
                call = self.called(scope, step) if step is not None and self._children else None
                if call is not None and index < len(call[0].outputs):
                    name, scope = call[0].outputs[index], call[1]
                    continue
                return Origin(scope, name, step=step, index=index)
            called = self._argument(name, scope)
            if called is not None:
                name, scope = called
                if not name:
                    return Origin(scope, "")
                continue
            if scope.outer is not None and name in graph.inputs:
                kept = self._invariant(name, scope)
                if kept is None:
                    return Origin(scope, name)
                name, scope = kept
                continue
            if scope.outer is None:
                return Origin(scope, name)
            scope = scope.outer

    def _invariant(self, name: str, scope: Scope) -> tuple[str, Scope] | None:
        """What a Loop or Scan was given for a state that its body hands on unchanged."""
        above = self._callers.get(id(scope))
        if above is None or id(scope) in self._shared:
            return None
        caller, step = above
        node = step.node
        if node.domain or node.op_type not in {"Loop", "Scan"}:
            return None
        inputs, outputs = list(scope.graph.inputs), list(scope.graph.outputs)
        at = inputs.index(name)
        # a Loop's body has the iteration number before its states, and gives out only the condition
        after = at - 1 if node.op_type == "Loop" else at
        states = len(inputs) - (0 if node.op_type == "Loop" else int(node.attrs.get("num_scan_inputs", 0)))
        if at >= states or after >= len(outputs) or (node.op_type == "Loop" and at < 2):
            return None
        made, seen = outputs[after], 0
        producer = scope.graph.producers.get(made)
        while producer is not None and producer.kind == "Identity" and seen < MOST_DEEP:
            made, seen = producer.inputs[0], seen + 1
            producer = scope.graph.producers.get(made)
        if made != name or at >= len(node.inputs) or not node.inputs[at]:
            return None
        return node.inputs[at], caller

    def _argument(self, name: str, scope: Scope) -> tuple[str, Scope] | None:
        """The tensor that a function's caller passed for its parameter ``name``."""
        if scope.outer is not None:
            return None
        above = self._callers.get(id(scope))
        if above is None or id(scope) in self._shared:
            return None
        caller, step = above
        for function in self.model.functions.values():
            if function.graph is scope.graph and name in function.inputs:
                i = function.inputs.index(name)
                return (step.node.inputs[i] if i < len(step.node.inputs) else ""), caller
        return None

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
