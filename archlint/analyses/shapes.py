"""Shape propagation: the facts of every tensor, by one walk in topological order.

Sound before complete: a dim is never guessed. A contradiction becomes a `Defect` at its node, whose
outputs are then unknown, so that one defect is told once. Bodies and functions are walked with the
facts of their call.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archlint.analyses.calls import Call, signature
from archlint.analyses.scopes import Defect, Scope, Shapes, Step, weight_fact
from archlint.errors import ShapeError, Undetermined
from archlint.model import UNKNOWN, AttributeReference, Fact, Graph, Model
from archlint.ops import Operator, Registry, registry
from archlint.symbolic import Dim, Expr, substitute, symbol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Defect", "Propagation", "Scope", "Shapes", "Step", "weight_fact"]

MAX_EVALUATIONS = 500_000
"""Operator runs beyond the first of each node, so that nested bodies and calls stay bounded."""
MAX_DEPTH = 48


class Propagation:
    """The walk; also the `Walker` that control flow asks to run its bodies.

    ``dims`` maps the author's symbols to numbers, or to ranges ``(least, greatest)``.
    """

    def __init__(
        self,
        model: Model,
        dims: Mapping[str, Dim | tuple[int, int | None]] | None = None,
        shapes: Mapping[str, tuple[Dim, ...]] | None = None,
        operators: Registry | None = None,
    ) -> None:
        self.model = model
        self.dims: dict[str, Dim] = {
            name: symbol(name, least=d[0], most=d[1]) if isinstance(d, tuple) else d
            for name, d in (dims or {}).items()
        }
        self.shapes = dict(shapes or {})
        self.operators = operators if operators is not None else registry()
        self.defects: dict[tuple[int, str, str], Defect] = {}
        self.failures: list[tuple[Step, Exception]] = []
        self.evaluations = 0
        self.muted = 0
        self._stack: list[tuple[Scope, Step]] = []
        self._classes: dict[tuple[str, str, int], type[Operator] | None] = {}
        self._calls: dict[Any, Call] = {}

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
        return Shapes(main, list(self.defects.values()), scopes, self.failures)

    def _input(self, name: str, declared: Fact) -> Fact:
        shape = self.shapes.get(name, declared.shape)
        if shape is None or not self.dims:
            return declared if shape is declared.shape else replace(declared, shape=shape)
        pinned = tuple(substitute(d, self.dims) if isinstance(d, Expr) else d for d in shape)
        return replace(declared, shape=pinned)

    def run_body(self, graph: Graph, inputs: Sequence[Fact], *, reachable: bool = True) -> list[Fact]:
        """Facts of a body's outputs, the body being an attribute of the step under way."""
        outer, step = self._stack[-1]
        if len(self._stack) > MAX_DEPTH:
            reason = f"bodies are nested more than {MAX_DEPTH} deep"
            raise Undetermined(reason)
        path = (*outer.path, step.node.label, graph.label)
        facts = {
            name: _given(declared, inputs[i]) if i < len(inputs) else self._input("", declared)
            for i, (name, declared) in enumerate(graph.inputs.items())
        }
        reachable = reachable and outer.reachable
        scope = Scope(path, graph, facts, outer.opsets, outer, [], outer.arguments, outer.absent, reachable)
        step.children[graph.label] = scope
        if reachable:
            self.walk(scope)
        else:
            with self.trial():
                self.walk(scope)
        return [scope.fact(name) for name in graph.outputs]

    @contextmanager
    def trial(self) -> Iterator[None]:
        """A stretch in which contradictions are not noted: a body that is only tried out."""
        self.muted += 1
        try:
            yield
        finally:
            self.muted -= 1

    @property
    def trying(self) -> bool:
        """True inside a trial."""
        return self.muted > 0

    def walk(self, scope: Scope) -> None:
        """Run every node of the scope's graph on the facts it has."""
        graph, stack, facts, absent = scope.graph, self._stack, scope.facts, scope.absent
        fact = scope.fact
        declared = {**graph.value_info, **graph.outputs} if not self.muted else {}
        for node in graph.order:
            ins = [
                (facts.get(name) or fact(name)) if name and name not in absent else None
                for name in node.inputs
            ]
            step = Step(node, None, ins, [])
            scope.steps.append(step)
            stack.append((scope, step))
            try:
                outs = self._outputs(scope, step)
            except Undetermined as unknown:
                outs, step.reason = [], unknown.reason
            except ShapeError as error:
                outs, step.reason = [], error.message
                self.defect(scope, step, error)
            except Exception as error:  # noqa: BLE001  an operator's bug costs its outputs, no more
                outs, step.reason = [], f"the definition of {node.kind} failed: {error!r}"
                self.failures.append((step, error))
            finally:
                stack.pop()
            names = node.outputs
            if len(outs) < len(names):
                outs = [*outs, *[UNKNOWN] * (len(names) - len(outs))]
            if self._constant(step):
                outs = [f if f.constant else _constant(f) for f in outs]
            step.outs = outs = outs[: len(names)]
            for name, found in zip(names, outs, strict=True):
                if name:
                    facts[name] = found
                    if name in declared:
                        self._check_declared(scope, step, name, declared[name], found)

    def _constant(self, step: Step) -> bool:
        operator = step.operator
        if operator is None or not operator.deterministic or step.children:
            return False
        return all(f is None or f.constant for f in step.ins)

    def _outputs(self, scope: Scope, step: Step) -> list[Fact]:
        if scope.outer is not None or scope.path:
            self.evaluations += 1
            if self.evaluations > MAX_EVALUATIONS:
                reason = f"more than {MAX_EVALUATIONS:,} operator runs inside bodies and functions"
                raise Undetermined(reason)
        node = step.node
        attrs = node.attrs
        if scope.path and any(isinstance(v, AttributeReference) for v in attrs.values()):
            resolved = (
                (k, scope.arguments.get(v.name) if isinstance(v, AttributeReference) else v)
                for k, v in attrs.items()
            )
            attrs = {k: v for k, v in resolved if v is not None}
        if self.model.functions and (node.domain, node.op_type, node.overload) in self.model.functions:
            return self._call(scope, step, attrs)
        opset = scope.opsets.get(node.domain) or self.model.opsets.get(node.domain, 1)
        key = (node.domain, node.op_type, opset)
        try:
            found = self._classes[key]
        except KeyError:
            found = self._classes[key] = self.operators.find(*key)
        if found is None:
            raise Undetermined("unknown operator")
        step.operator = operator = found(node, attrs, opset, self)
        return operator.call(step.ins)

    def _call(self, scope: Scope, step: Step, attrs: Mapping[str, Any]) -> list[Fact]:
        node = step.node
        function = self.model.functions[node.domain, node.op_type, node.overload]
        if any(s.graph is function.graph for s, _ in self._stack):
            message = f"function '{function.name}' calls itself"
            raise ShapeError("recursive-function", message)
        if len(self._stack) > MAX_DEPTH:
            reason = f"functions are nested more than {MAX_DEPTH} deep"
            raise Undetermined(reason)
        if len(step.ins) > len(function.inputs):
            message = f"function '{function.name}' takes {len(function.inputs)} inputs, gets {len(step.ins)}"
            raise ShapeError("input-count", message)
        given = [step.ins[i] if i < len(step.ins) else None for i in range(len(function.inputs))]
        arguments = {**function.attributes, **attrs}
        key: Any
        try:
            what, names = signature(given, arguments)
            key = (id(function), self.muted > 0, what)
            known = self._calls.get(key)
        except TypeError:
            key, known, names = None, None, {}
        if known is not None:
            step.children[function.name] = known.scope
            return known.answer(names)
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
        """Note a contradiction, once however often a body is walked."""
        if not self.muted:
            key = (id(step.node), error.kind, error.message)
            self.defects.setdefault(key, Defect(step, scope, error))

    def _check_declared(self, scope: Scope, step: Step, name: str, declared: Fact, fact: Fact) -> None:
        if declared.shape is None or fact.shape is None or declared.shape == fact.shape:
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


def _constant(fact: Fact) -> Fact:
    return Fact(fact.dtype, fact.shape, fact.content, fact.weight, True, fact.kind, fact.element, fact.items)


def _given(declared: Fact, actual: Fact) -> Fact:
    """The fact of a body's input: what is passed, completed by the declared element type."""
    if actual.dtype is not None or actual.kind != "tensor" or declared.dtype is None:
        return actual
    return replace(actual, dtype=declared.dtype)
