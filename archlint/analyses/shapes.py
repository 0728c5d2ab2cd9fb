"""Shape propagation: the facts of every tensor, by one walk in topological order.

Sound before complete: a dim is never guessed. A contradiction becomes a `Defect` at its node, whose
outputs are then unknown, so that one defect is told once. Bodies and functions are walked with the
facts of their call.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from archlint.errors import ShapeError, Undetermined
from archlint.model import UNKNOWN, AttributeReference, Draft, Fact, Graph, Model, Node, Weight
from archlint.ops import Operator, Registry, registry
from archlint.symbolic import Dim, Expr, substitute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_EVALUATIONS = 2_000_000
MAX_DEPTH = 64


@dataclass(eq=False, slots=True)
class Step:
    """One operator as it runs: its definition, the facts around it, the scopes it opened.

    ``operator`` is None for an operator nobody defines; ``reason`` says why outputs are unknown.
    """

    node: Node
    operator: Operator | None
    ins: list[Fact | None]
    outs: list[Fact]
    children: dict[str, Scope] = field(default_factory=dict)
    reason: str | None = None


@dataclass(eq=False, slots=True)
class Scope:
    """A graph walked with given inputs; ``path`` names the nodes and bodies that lead to it."""

    path: tuple[str, ...]
    graph: Graph
    facts: dict[str, Fact]
    opsets: Mapping[str, int]
    outer: Scope | None = None
    steps: list[Step] = field(default_factory=list)
    arguments: dict[str, Any] = field(default_factory=dict)
    """Attribute values of the function call that this scope is the body of."""

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
        return place.says(error.message, hint=error.help, **error.data)


@dataclass(eq=False)
class Shapes:
    """Result of propagation: scopes (the main one first), steps by node, defects."""

    main: Scope
    defects: list[Defect]
    scopes: list[Scope]

    def __post_init__(self) -> None:
        self._steps: dict[int, list[Step]] = {}
        for scope in self.scopes:
            for step in scope.steps:
                self._steps.setdefault(id(step.node), []).append(step)

    def steps(self, node: Node) -> list[Step]:
        """Every run of ``node``: one, or one for each distinct call of its function."""
        return self._steps.get(id(node), [])

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


class Propagation:
    """The walk; also the `Walker` that control flow asks to run its bodies."""

    def __init__(
        self,
        model: Model,
        dims: Mapping[str, Dim] | None = None,
        shapes: Mapping[str, tuple[Dim, ...]] | None = None,
        operators: Registry | None = None,
    ) -> None:
        self.model = model
        self.dims = dict(dims or {})
        self.shapes = dict(shapes or {})
        self.operators = operators if operators is not None else registry()
        self.defects: dict[tuple[int, str, str], Defect] = {}
        self.evaluations = 0
        self._stack: list[tuple[Scope, Step]] = []

    def run(self) -> Shapes:
        """Walk the main graph with its declared inputs."""
        graph = self.model.graph
        facts = {name: self._input(name, f) for name, f in graph.inputs.items() if name not in graph.weights}
        main = Scope((), graph, facts, self.model.opsets)
        self.walk(main)
        scopes: list[Scope] = []
        seen: set[int] = set()
        waiting = [main]
        while waiting:
            scope = waiting.pop()
            if id(scope) not in seen:
                seen.add(id(scope))
                scopes.append(scope)
                waiting += [c for s in reversed(scope.steps) for c in reversed(s.children.values())]
        return Shapes(main, list(self.defects.values()), scopes)

    def _input(self, name: str, declared: Fact) -> Fact:
        shape = self.shapes.get(name, declared.shape)
        if shape is None or not self.dims:
            return declared if shape is declared.shape else replace(declared, shape=shape)
        pinned = tuple(substitute(d, self.dims) if isinstance(d, Expr) else d for d in shape)
        return replace(declared, shape=pinned)

    def run_body(self, graph: Graph, inputs: Sequence[Fact]) -> list[Fact]:
        """Facts of a body's outputs, the body being an attribute of the step under way."""
        outer, step = self._stack[-1]
        if len(self._stack) > MAX_DEPTH:
            reason = f"bodies are nested more than {MAX_DEPTH} deep"
            raise Undetermined(reason)
        path = (*outer.path, step.node.label, graph.label)
        facts = {
            name: _given(declared, inputs[i]) if i < len(inputs) else declared
            for i, (name, declared) in enumerate(graph.inputs.items())
        }
        scope = Scope(path, graph, facts, outer.opsets, outer, arguments=outer.arguments)
        step.children[graph.label] = scope
        self.walk(scope)
        return [scope.fact(name) for name in graph.outputs]

    def walk(self, scope: Scope) -> None:
        """Run every node of the scope's graph on the facts it has."""
        for node in scope.graph.order:
            self.evaluations += 1
            ins = [scope.fact(name) if name else None for name in node.inputs]
            step = Step(node, None, ins, [])
            scope.steps.append(step)
            self._stack.append((scope, step))
            try:
                outs = self._outputs(scope, step)
            except Undetermined as unknown:
                outs, step.reason = [], unknown.reason
            except ShapeError as error:
                outs, step.reason = [], error.message
                self.defect(scope, step, error)
            finally:
                self._stack.pop()
            constant = self._constant(step)
            for i, name in enumerate(node.outputs):
                fact = outs[i] if i < len(outs) else UNKNOWN
                if constant and not fact.constant:
                    fact = replace(fact, constant=True)
                step.outs.append(fact)
                if name:
                    scope.facts[name] = fact
                    self._check_declared(scope, step, name, fact)

    def _constant(self, step: Step) -> bool:
        operator = step.operator
        return (
            operator is not None
            and operator.deterministic
            and not step.children
            and all(f is None or f.constant for f in step.ins)
        )

    def _outputs(self, scope: Scope, step: Step) -> list[Fact]:
        if self.evaluations > MAX_EVALUATIONS:
            reason = f"more than {MAX_EVALUATIONS:,} operator runs"
            raise Undetermined(reason)
        node = step.node
        attrs = node.attrs
        if scope.arguments or any(isinstance(v, AttributeReference) for v in attrs.values()):
            attrs = {
                k: scope.arguments.get(v.name) if isinstance(v, AttributeReference) else v
                for k, v in attrs.items()
            }
        if (node.domain, node.op_type, node.overload) in self.model.functions:
            return self._call(scope, step, attrs)
        opset = scope.opsets.get(node.domain, 1)
        found = self.operators.find(node.domain, node.op_type, opset)
        if found is None:
            reason = "unknown operator"
            raise Undetermined(reason)
        step.operator = found(node, attrs, opset, self)
        return step.operator.call(step.ins)

    def _call(self, scope: Scope, step: Step, attrs: Mapping[str, Any]) -> list[Fact]:
        node = step.node
        function = self.model.functions[node.domain, node.op_type, node.overload]
        active = [s.graph for s, _ in self._stack]
        if function.graph in active:
            message = f"function '{function.name}' calls itself"
            raise ShapeError("recursive-function", message)
        facts = {
            name: step.ins[i] or UNKNOWN if i < len(step.ins) else UNKNOWN
            for i, name in enumerate(function.inputs)
        }
        arguments = {**function.attributes, **attrs}
        path = (*scope.path, node.label)
        inner = Scope(path, function.graph, facts, function.opsets, None, arguments=arguments)
        step.children[function.name] = inner
        self.walk(inner)
        return [inner.fact(name) for name in function.outputs]

    def defect(self, scope: Scope, step: Step, error: ShapeError) -> None:
        """Note a contradiction, once however often a body is walked."""
        key = (id(step.node), error.kind, error.message)
        self.defects.setdefault(key, Defect(step, scope, error))

    def _check_declared(self, scope: Scope, step: Step, name: str, fact: Fact) -> None:
        declared = scope.graph.outputs.get(name) or scope.graph.value_info.get(name)
        if declared is None or declared.shape is None or fact.shape is None:
            return
        if len(declared.shape) != len(fact.shape):
            where = f"rank {len(declared.shape)} and {len(fact.shape)}"
        else:
            clash = [
                (i, a, b)
                for i, (a, b) in enumerate(zip(declared.shape, fact.shape, strict=True))
                if isinstance(a, int) and isinstance(b, int) and a != b
            ]
            if not clash:
                return
            where = "dim {}: {} and {}".format(*clash[0])
        what = "output" if name in scope.graph.outputs else "tensor"
        message = f"{what} '{name}' is declared {declared} but computes to {fact} ({where})"
        error = ShapeError("declared-shape-contradiction", message, subject=f"output {name}")
        self.defect(scope, step, error)


def _given(declared: Fact, actual: Fact) -> Fact:
    """The fact of a body's input: what is passed, completed by the declared element type."""
    return actual if actual.dtype is not None else replace(actual, dtype=declared.dtype)
