"""Cell updates recognised by dataflow: which product is the memory, which gate lets what through.

Gate order differs between frameworks (torch i f g o, Keras i f c o, ONNX i o f c), so nothing here
looks at it: the forget gate is the one that is multiplied with the previous memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archlint.analyses.dataflow import Origin, attributes
from archlint.analyses.recurrent.activations import Activation
from archlint.analyses.recurrent.columns import span as span_of
from archlint.analyses.recurrent.form import CONTRADICTIONS
from archlint.errors import Undetermined

if TYPE_CHECKING:
    from archlint.analyses.recurrent.form import Form
    from archlint.analyses.recurrent.linear import Linear
    from archlint.analyses.shapes import Scope, Step

GATE_OPS = frozenset({"Sigmoid", "HardSigmoid"})
FUSED = "com.microsoft::FusedGemm"
_HANDED_ON = frozenset(
    {"Identity", "Unsqueeze", "Squeeze", "Cast", "Reshape", "QuantizeLinear", "DequantizeLinear"}
)
_STATES = frozenset({"Tanh", "Relu"})
PRODUCTS = frozenset(
    {"MatMul", "Gemm", "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "Mul", "Split", "Slice"}
)
"""What a term of a plain RNN's sum may be; integer products end in a Mul by their scales."""
DEEPEST = 8
SQUASHING = frozenset({"Tanh", "Softsign", "Relu", "Elu", "LeakyRelu", "Softplus"})


@dataclass(frozen=True, slots=True, eq=False)
class Squashed:
    """An activation of an affine form: a gate, or a candidate. ``flipped`` is 1 - it."""

    activation: Activation
    form: Form
    origin: Origin
    clip: float | None = None
    flipped: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """One step of a cell: its gates, the state it reads (``memory``), and what it makes.

    For an LSTM ``memory`` is c and ``hidden`` the h that it gives; for GRU and RNN both are h.
    ``reset`` is a GRU's r and what it is multiplied with.
    """

    kind: str
    scope: Scope
    step: Step
    parts: dict[str, Squashed]
    made: Origin
    hidden: Origin
    memory: Origin | None
    output: Activation | None = None
    reset: tuple[Squashed, Origin] | None = None

    @property
    def used(self) -> frozenset[int]:
        """The stored matrices in its gates."""
        return frozenset[int]().union(*(p.form.used for p in self.parts.values()))


class Matcher:
    """Finds the updates of a scope."""

    def __init__(self, linear: Linear) -> None:
        self.linear = linear
        self.flow = linear.flow
        # most models have no gate at all, and then no sum of theirs is looked at
        self._gates = any(
            s.node.op_type in GATE_OPS or s.node.kind == FUSED
            for scope in self.flow.scopes
            for s in scope.steps
        )

    def updates(self, scope: Scope) -> list[Update]:
        """Every LSTM, GRU and plain RNN update whose last operator stands in ``scope``."""
        found: list[Update] = []
        gated = self._gates
        for step in scope.steps:
            if step.node.domain or not step.node.outputs or not step.node.outputs[0]:
                continue
            here = Origin(scope, step.node.outputs[0], step=step)
            try:
                update = self._update(here, gated=gated)
            except CONTRADICTIONS:
                continue
            if update is not None:
                found.append(update)
        return found

    def _update(self, here: Origin, *, gated: bool) -> Update | None:
        if here.op == "Add":
            return self._lstm(here) or self._gru(here) if gated else None
        return self._rnn(here) if here.op in _STATES else None

    def squashed(self, origin: Origin, ops: frozenset[str]) -> Squashed | None:
        """The activation behind ``origin``, taken before or after the gates are split apart."""
        columns: list[Origin] = []
        for _ in range(20):
            origin = self.linear.through(origin)
            step = origin.step
            if step is not None and step.node.kind == FUSED:
                return None if columns else self._fused(origin, ops)
            if step is None or step.node.domain:
                return None
            if step.node.op_type in ops:
                break
            before = self.flow.input(origin, 0)
            if step.node.op_type not in {"Split", "Slice"} or before is None:
                return None
            columns.append(origin)
            origin = before
        else:
            return None
        assert origin.step is not None
        attrs = attributes(origin.scope, origin.step.node)
        alpha, beta = attrs.get("alpha"), attrs.get("beta")
        activation = Activation.named(origin.step.node.op_type, alpha, beta)
        inner = self.flow.input(origin, 0)
        if inner is None:
            return None
        clip, inner = self._clip(inner)
        form = self.linear.form(inner)
        for column in reversed(columns):
            width = form.width
            span = None if width is None else span_of(self.linear, column, width)
            if span is None:
                return None
            try:
                form = form.columns(*span)
            except Undetermined:
                return None
        return Squashed(activation, form, columns[0] if columns else origin, clip)

    def _fused(self, origin: Origin, ops: frozenset[str]) -> Squashed | None:
        """The activation that onnxruntime has put into the product before it."""
        assert origin.step is not None
        attrs = attributes(origin.scope, origin.step.node)
        name = str(attrs.get("activation"))
        form = self.linear.fused(origin) if name in ops else None
        if form is None:
            return None
        own = Activation.named(name, attrs.get("activation_alpha"), attrs.get("activation_beta"))
        return Squashed(own, form, origin)

    def _clip(self, origin: Origin) -> tuple[float | None, Origin]:
        """The bound of a symmetric Clip before an activation."""
        behind = self.linear.through(origin)
        if behind.op != "Clip":
            return None, origin
        assert behind.step is not None
        attrs = attributes(behind.scope, behind.step.node)
        ends = [attrs.get("min"), attrs.get("max")]
        for i in (1, 2):
            given = self.flow.input(behind, i)
            row = None if given is None else self.linear.row(given)
            if row is not None and row.size == 1:
                ends[i - 1] = float(row[0])
        before = self.flow.input(behind, 0)
        if before is None or ends[0] is None or ends[1] is None or ends[0] != -ends[1]:
            return None, origin
        return float(ends[1]), before

    def gate(self, origin: Origin) -> Squashed | None:
        """A sigmoid gate, or 1 - a sigmoid gate."""
        found = self.squashed(origin, GATE_OPS)
        if found is not None:
            return found
        behind = self.linear.through(origin)
        if behind.op != "Sub":
            return None
        one, other = self.flow.input(behind, 0), self.flow.input(behind, 1)
        row = None if one is None else self.linear.row(one)
        if row is None or other is None or not (row == 1).all():
            return None
        found = self.squashed(other, GATE_OPS)
        if found is None:
            return None
        return Squashed(found.activation, found.form, found.origin, found.clip, flipped=True)

    def factors(self, origin: Origin | None) -> tuple[Origin, Origin] | None:
        """The two inputs of the product that made ``origin``."""
        if origin is None:
            return None
        behind = self.linear.through(origin)
        if behind.op != "Mul":
            return None
        a, b = self.flow.input(behind, 0), self.flow.input(behind, 1)
        return None if a is None or b is None else (a, b)

    def _gated(self, origin: Origin | None) -> tuple[Squashed, Origin] | None:
        """A product of a sigmoid gate and something else, whichever way round."""
        pair = self.factors(origin)
        if pair is None:
            return None
        gates = [self.gate(p) for p in pair]
        for mine, other in ((0, 1), (1, 0)):
            gate = gates[mine]
            if gate is not None and (gates[other] is None or gate.flipped):
                return gate, pair[other]
        return None

    def _lstm(self, origin: Origin) -> Update | None:
        """C' = f c + i g and h = o H(c')."""
        terms = [self._gated(self.flow.input(origin, k)) for k in (0, 1)]
        if terms[0] is None or terms[1] is None:
            return None
        for written, kept in (terms, terms[::-1]):
            assert written is not None
            assert kept is not None
            candidate = self.squashed(written[1], SQUASHING)
            i, f, memory = written[0], kept[0], self.linear.through(kept[1])
            if candidate is None or (i.flipped and f.flipped):
                continue
            if (i.flipped or f.flipped) and f.origin.key != i.origin.key:
                continue
            seen = self._output(origin)
            if seen is None:
                continue
            o, output, hidden = seen
            parts = {"input": i, "forget": f, "output": o, "cell": candidate}
            assert origin.step is not None
            return Update("LSTM", origin.scope, origin.step, parts, origin, hidden, memory, output)
        return None

    def _output(self, origin: Origin) -> tuple[Squashed, Activation, Origin] | None:
        """The output gate, H, and the h that they make of the memory ``origin``."""
        waiting = [origin]
        for _ in range(8):
            following = []
            for top in waiting:
                for step, slot in self.flow.uses(top.scope, top.name):
                    node = step.node
                    if not node.outputs or (slot != 0 and node.op_type != "Mul"):
                        continue
                    made = Origin(top.scope, node.outputs[0], step=step)
                    if node.op_type in SQUASHING or node.op_type == "Clip" or node.op_type in _HANDED_ON:
                        following.append(made)
                    elif node.op_type == "Mul" and (squash := self.linear.through(top)).op in SQUASHING:
                        other = self.flow.input(made, 1 - slot)
                        gate = None if other is None else self.squashed(other, GATE_OPS)
                        if gate is not None and squash.step is not None:
                            attrs = attributes(squash.scope, squash.step.node)
                            seen = Activation.named(squash.op, attrs.get("alpha"), attrs.get("beta"))
                            return gate, seen, made
            waiting = following
        return None

    def _gru(self, origin: Origin) -> Update | None:
        """(1 - z) g + z h, or g + z (h - g), or h + z (g - h) with z the share of the new."""
        found = self._mixed(origin) or self._stepped(origin)
        if found is None:
            return None
        gate, candidate, memory, flipped = found
        reset = self._reset(candidate)
        gate = Squashed(gate.activation, gate.form, gate.origin, gate.clip, flipped)
        parts = {"update": gate, "candidate": candidate}
        if reset is not None:
            parts["reset"] = reset[0]
        assert origin.step is not None
        return Update("GRU", origin.scope, origin.step, parts, origin, origin, memory, reset=reset)

    def _mixed(self, origin: Origin) -> tuple[Squashed, Squashed, Origin, bool] | None:
        terms = [self._gated(self.flow.input(origin, k)) for k in (0, 1)]
        if terms[0] is None or terms[1] is None:
            return None
        for new, old in (terms, terms[::-1]):
            assert new is not None
            assert old is not None
            candidate = self.squashed(new[1], SQUASHING)
            if (
                candidate is None
                or new[0].origin.key != old[0].origin.key
                or new[0].flipped == old[0].flipped
            ):
                continue
            # ONNX's z is the factor of the old state
            return old[0], candidate, self.linear.through(old[1]), old[0].flipped
        return None

    def _stepped(self, origin: Origin) -> tuple[Squashed, Squashed, Origin, bool] | None:
        for k in (0, 1):
            base = self.flow.input(origin, 1 - k)
            pair = self._gated(self.flow.input(origin, k))
            if pair is None or base is None:
                continue
            gate, difference = pair[0], self.linear.through(pair[1])
            if difference.op != "Sub" or gate.flipped:
                continue
            plus, minus = self.flow.input(difference, 0), self.flow.input(difference, 1)
            if (
                plus is None
                or minus is None
                or self.linear.through(minus).key != self.linear.through(base).key
            ):
                continue
            candidate = self.squashed(minus, SQUASHING)
            if candidate is not None:
                return gate, candidate, self.linear.through(plus), False
            candidate = self.squashed(plus, SQUASHING)
            if candidate is not None:
                return gate, candidate, self.linear.through(minus), True
        return None

    def _reset(self, candidate: Squashed) -> tuple[Squashed, Origin] | None:
        """The reset gate in a candidate's form, and what it multiplies: h, or R h."""
        for term in candidate.form.terms:
            found = self._gated(term.source)
            if found is not None and not found[0].flipped:
                return found
        return None

    def _rnn(self, origin: Origin) -> Update | None:
        """H' = a(W x + R h + b), a Tanh or Relu; that it is a recurrence is seen when steps are put together."""
        inner = self.flow.input(origin, 0)
        if inner is None or not self._weighted(inner):
            return None
        state = self.squashed(origin, _STATES)
        if state is None or not state.form.terms:
            return None
        assert origin.step is not None
        return Update("RNN", origin.scope, origin.step, {"state": state}, origin, origin, None)

    def _weighted(self, origin: Origin, depth: int = 0) -> bool:
        """True when a matrix product may stand among the terms of a sum: told without making its form."""
        behind = self.linear.through(origin)
        if behind.op in {"Add", "Sum"} and behind.step is not None and depth < DEEPEST:
            terms = (self.flow.input(behind, k) for k in range(len(behind.step.node.inputs)))
            return any(t is not None and self._weighted(t, depth + 1) for t in terms)
        return behind.op in PRODUCTS if depth else behind.op in {"Gemm", "MatMul"}
