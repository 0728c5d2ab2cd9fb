"""Shape propagation: the facts of every tensor, by one walk in topological order.

Sound before complete: a dim is never guessed. A contradiction becomes a `Defect` at its node, whose
outputs are then unknown, so that one defect is told once. Bodies are walked with the facts of their
node, functions with those of their call, once for all calls that see the same.

The walk ends quickly on any model. Bodies and calls are opened at most `MAX_DEPTH` deep and only while
fewer than `Propagation.limit` operators have run in them; tries (the fixpoints of loops in loops) have
a budget of their own, behind which a loop is walked once with nothing known of what it carries.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archlint.analyses.calls import Call, signature, simplified
from archlint.analyses.declared import contradictions
from archlint.analyses.likeness import LIKENESSES, likeness
from archlint.analyses.scopes import Defect, Scope, Shapes, Step, weight_fact
from archlint.errors import LoadError, ShapeError, Undetermined
from archlint.model import UNKNOWN, AttributeReference, Fact, Graph, Model
from archlint.ops import Operator, Registry, registry
from archlint.symbolic import Dim, Expr, substitute, symbol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Defect", "Propagation", "Scope", "Shapes", "Step", "weight_fact"]

MAX_DEPTH = 72
"""Bodies and function calls inside each other; far below Python's own limit on recursion."""
MAX_TRIED = 50_000
"""Operators run in walks that are only tries."""
MIN_LIMIT = 200_000
"""Operators run in bodies and functions before more are refused, however small the model is."""


class Propagation:
    """The walk; also the `Walker` that control flow asks to run its bodies.

    ``dims`` maps the author's symbols to numbers, or to ranges ``(least, greatest)``; ``shapes``
    replaces the declared shapes of graph inputs. A definition that raises what it should not leaves
    its outputs unknown and is listed in `Shapes.failures`; with ``strict`` its exception goes through.
    """

    def __init__(
        self,
        model: Model,
        dims: Mapping[str, Dim | tuple[int, int | None]] | None = None,
        shapes: Mapping[str, tuple[Dim, ...]] | None = None,
        operators: Registry | None = None,
        *,
        strict: bool = False,
    ) -> None:
        self.model = model
        self.dims: dict[str, Dim] = {
            name: symbol(name, least=d[0], most=d[1]) if isinstance(d, tuple) else d
            for name, d in (dims or {}).items()
        }
        self.shapes = dict(shapes or {})
        self.operators = operators if operators is not None else registry()
        self.strict = strict
        self.defects: dict[tuple[int, str, str], Defect] = {}
        self.failures: list[tuple[Step, Exception]] = []
        self.evaluations = 0
        self.tried = 0
        self.muted = 0
        self._limit = 0
        self._open: list[Scope] = []
        self._at: tuple[Scope, Step] | None = None
        self._classes: dict[tuple[str, str, int], type[Operator] | None] = {}
        self._calls: dict[Any, Call] = {}

    def run(self) -> Shapes:
        """Walk the main graph with its declared inputs."""
        graph = self.model.graph
        facts = {name: self._input(name, f) for name, f in graph.inputs.items() if name not in graph.weights}
        main = Scope((), graph, facts, self.model.opsets)
        collecting = gc.isenabled()
        gc.disable()  # a million objects are made and nearly all of them stay
        try:
            self.walk(main)
        finally:
            if collecting:
                gc.enable()
        scopes: list[Scope] = []
        seen: set[int] = set()
        waiting = [main]
        while waiting:
            scope = waiting.pop()
            if id(scope) not in seen:
                seen.add(id(scope))
                scopes.append(scope)
                waiting += [
                    c for s in reversed(scope.steps) if s.children for c in reversed(s.children.values())
                ]
        return Shapes(main, list(self.defects.values()), scopes, self.failures)

    @property
    def limit(self) -> int:
        """Operators run in bodies and calls before more are refused: a few times the model's number."""
        if not self._limit:
            self._limit = max(MIN_LIMIT, 4 * sum(len(g.nodes) + 1 for g in self.model.graphs()))
        return self._limit

    @property
    def spare(self) -> bool:
        """True while bodies may be walked to try something out."""
        return self.tried < MAX_TRIED or (self.limit > MIN_LIMIT and self.tried < self.limit // 2)

    @property
    def trying(self) -> bool:
        """True inside a trial."""
        return self.muted > 0

    def _input(self, name: str, declared: Fact) -> Fact:
        shape = self.shapes.get(name, declared.shape)
        if shape is None or (shape is declared.shape and not self.dims):
            return declared
        if self.dims:
            shape = tuple([substitute(d, self.dims) if isinstance(d, Expr) else d for d in shape])
        return Fact(declared.dtype, shape, kind=declared.kind, element=declared.element)

    def run_body(self, graph: Graph, inputs: Sequence[Fact], *, reachable: bool = True) -> list[Fact]:
        """Facts of a body's outputs, the body being an attribute of the step under way."""
        assert self._at is not None
        here = outer, step = self._at
        self._may_open("bodies", graph)
        home = outer
        if graph.parent is not outer.graph:
            # a body that a caller passes to a function sees the tensors of where it was written
            home = next((s for s in reversed(self._open) if s.graph is graph.parent), outer)
        path = (*outer.path, step.node.label, graph.label)
        facts = {}
        for i, (name, declared) in enumerate(graph.inputs.items()):
            if i < len(inputs):
                facts[name] = _given(declared, inputs[i])
            elif name not in graph.weights:
                facts[name] = self._input("", declared)
        reachable = reachable and outer.reachable
        scope = Scope(path, graph, facts, home.opsets, home, [], home.arguments, home.absent, reachable)
        step.children[graph.label] = scope
        try:
            self.walk(scope)
        finally:
            self._at = here
        return [scope.fact(name) for name in graph.outputs]

    def _may_open(self, what: str, graph: Graph) -> None:
        if len(self._open) > MAX_DEPTH:
            raise Undetermined(f"{what} are nested more than {MAX_DEPTH} deep")
        after = (self.tried if self.muted else self.evaluations) + len(graph.nodes) + 1
        if after > MIN_LIMIT and after > self.limit:
            raise Undetermined(f"more than {self.limit:,} operators would run in bodies and functions")
        if self.muted:
            self.tried = after
        else:
            self.evaluations = after

    @contextmanager
    def trial(self) -> Iterator[None]:
        """A stretch in which contradictions are not noted: a body that is only tried out."""
        self.muted += 1
        try:
            yield
        finally:
            self.muted -= 1

    def walk(self, scope: Scope) -> None:
        """Run every node of the scope's graph on the facts it has."""
        graph, facts, absent, steps = scope.graph, scope.facts, scope.absent, scope.steps
        get, lookup, functions, inside = facts.get, scope.fact, self.model.functions, bool(scope.path)
        declared: Mapping[str, Fact] = {}
        # a function is called with many shapes, what it declares describes one of them
        if not self.muted and (scope.outer is not None or not inside):
            declared = {**graph.value_info, **graph.outputs} if graph.value_info else graph.outputs
        self._open.append(scope)
        for node in graph.order:
            ins: list[Fact | None] = []
            constant = True
            for name in node.inputs:
                if not name or name in absent:
                    ins.append(None)
                    continue
                fact = get(name)
                if fact is None:
                    fact = lookup(name)
                if not fact.constant:
                    constant = False
                ins.append(fact)
            outs: list[Fact] = []
            step = Step(node, None, ins, outs)
            steps.append(step)
            made: list[Fact] = []
            try:
                attrs: Mapping[str, Any] = node.attrs
                if inside and attrs:
                    attrs = _resolved(attrs, scope.arguments)
                if functions and (node.domain, node.op_type, node.overload) in functions:
                    made = self._call(scope, step, attrs)
                else:
                    operator = self._operator(scope, step, attrs)
                    key = likeness(operator, attrs, ins)
                    alike = None if key is None else LIKENESSES.get(key)
                    if alike is None:
                        self._at = scope, step
                        made = operator.call(ins)
                        if key is not None:
                            alike = LIKENESSES.learn(key, made)
                    else:
                        made = alike.outs
                    step.alike = alike
            except Undetermined as unknown:
                step.reason = unknown.reason
            except ShapeError as error:
                step.reason = error.message
                self.defect(scope, step, error)
            except LoadError as error:
                step.reason = error.message
            except Exception as error:
                if self.strict:
                    raise
                step.reason = f"the definition of {node.kind} failed: {error!r}"
                self.failures.append((step, error))
            if constant:
                constant = step.operator is not None and step.operator.deterministic and not step.children
            for i, name in enumerate(node.outputs):
                found = made[i] if i < len(made) else UNKNOWN
                if constant and not found.constant:
                    found = _constant(found)
                outs.append(found)
                if name:
                    facts[name] = found
                    promised = declared.get(name)
                    if promised is not None:
                        for clash in contradictions(graph, name, found, promised, self.dims):
                            self.defect(scope, step, clash)
        self._open.pop()

    def _operator(self, scope: Scope, step: Step, attrs: Mapping[str, Any]) -> Operator:
        """The definition in force of a step's operator; raises `Undetermined` when there is none."""
        node = step.node
        domain = node.domain
        opset = scope.opsets.get(domain) or self.model.opsets.get(domain, 1)
        key = (domain, node.op_type, opset)
        try:
            found = self._classes[key]
        except KeyError:
            found = self._classes[key] = self.operators.find(*key)
        if found is None:
            raise Undetermined("unknown operator")
        step.operator = operator = found(node, attrs, opset, self)
        return operator

    def _call(self, scope: Scope, step: Step, attrs: Mapping[str, Any]) -> list[Fact]:
        node = step.node
        function = self.model.functions[node.domain, node.op_type, node.overload]
        if any(s.graph is function.graph for s in self._open):
            message = f"function '{function.name}' calls itself"
            raise ShapeError("recursive-function", message)
        if len(step.ins) > len(function.inputs):
            message = f"function '{function.name}' takes {len(function.inputs)} inputs, gets {len(step.ins)}"
            raise ShapeError("input-count", message)
        plain: dict[Dim, Dim] = {}
        given = [
            simplified(step.ins[i], plain) if i < len(step.ins) else None for i in range(len(function.inputs))
        ]
        arguments = {**function.attributes, **attrs}
        key: Any
        try:
            what, names = signature(given, arguments)
            key = (id(function), self.muted > 0, scope.reachable, what)
            known = self._calls.get(key)
        except TypeError:
            key, known, names = None, None, {}
        if known is not None:
            step.children[function.name] = known.scope
            return known.answer(names)
        self._may_open("function calls", function.graph)
        facts = {n: f for n, f in zip(function.inputs, given, strict=True) if f is not None}
        absent = frozenset(n for n, f in zip(function.inputs, given, strict=True) if f is None)
        path = (*scope.path, node.label)
        inner = Scope(
            path, function.graph, facts, function.opsets, None, [], arguments, absent, scope.reachable
        )
        step.children[function.name] = inner
        self.walk(inner)
        outs = [inner.fact(name) for name in function.outputs]
        if key is not None:
            self._calls[key] = Call(inner, outs, names)
        return outs

    def defect(self, scope: Scope, step: Step, error: ShapeError) -> None:
        """Note a contradiction, once however often a body is walked; a remark where it never runs."""
        if not self.muted:
            if not scope.reachable:
                error.severity, error.message = "info", f"{error.message} (in a body that never runs)"
            key = (id(step.node), error.kind, error.message)
            self.defects.setdefault(key, Defect(step, scope, error))


def _resolved(attrs: Mapping[str, Any], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """``attrs`` with references to a function's attributes replaced by the caller's values.

    A reference to an attribute that the caller leaves out and that has no default is left out too.
    """
    for value in attrs.values():
        if isinstance(value, AttributeReference):
            break
    else:
        return attrs
    values = (
        (k, arguments.get(v.name) if isinstance(v, AttributeReference) else v) for k, v in attrs.items()
    )
    return {k: v for k, v in values if v is not None}


def _constant(fact: Fact) -> Fact:
    return Fact(fact.dtype, fact.shape, fact.content, fact.weight, True, fact.kind, fact.element, fact.items)


def _given(declared: Fact, actual: Fact) -> Fact:
    """The fact of a body's input: what is passed, completed by the declared element type."""
    if actual.dtype is not None or actual.kind != "tensor" or declared.dtype is None:
        return actual
    return Fact(declared.dtype, actual.shape, actual.content, actual.weight, actual.constant)
