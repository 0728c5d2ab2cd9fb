"""Recurrent layers: RNN, GRU, LSTM, and the quantised LSTM of onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archlint.errors import ShapeError
from archlint.ops import affine, attribute
from archlint.ops.agreement import agree
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import Operator, operator
from archlint.symbolic import Dim, divide_exact, fresh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Fact, Shape

DIRECTIONS = {"forward": 1, "reverse": 1, "bidirectional": 2}


class Recurrent(Operator):
    """One cell applied at every step of a sequence, in one or both directions.

    Sizes: S steps, B sequences, I inputs, H units, D directions. ``layout`` 1 puts the batch first.
    Shorter sequences (``sequence_lens``) are counted as long as the longest.
    """

    gates: ClassVar[int] = 1
    peepholes: ClassVar[int] = 0
    transposed: ClassVar[bool] = False

    activations = attribute.texts()
    activation_alpha = attribute.numbers()
    activation_beta = attribute.numbers()
    clip = attribute.optional_number()
    direction = attribute.text("forward")
    hidden_size = attribute.optional_integer()
    layout = attribute.integer(0)

    @property
    def directions(self) -> int:
        """1, or 2 when bidirectional."""
        found = DIRECTIONS.get(self.direction)
        if found is None:
            message = f"direction is '{self.direction}', it must be forward, reverse or bidirectional"
            raise ShapeError("attribute-invalid", message, subject="attribute direction")
        return found

    def layer(self, x: Fact, w: Fact, r: Fact, rest: Sequence[Fact | None]) -> list[Fact]:
        """Y, Y_h and Y_c; ``rest`` is B, sequence_lens, initial_h, initial_c, P as far as they exist."""
        steps, batch, inputs = self.sequence(x)
        directions, hidden = self.directions, self.units(r)
        self._parameter(
            w, 1, (directions, self.gates * hidden, inputs), "W", "directions, gates*hidden, input"
        )
        self._parameter(
            r, 2, (directions, self.gates * hidden, hidden), "R", "directions, gates*hidden, hidden"
        )
        roles: list[tuple[str, Shape, str]] = [
            ("B", (directions, 2 * self.gates * hidden), "directions, 2*gates*hidden"),
            ("sequence_lens", (batch,), "batch"),
            ("initial_h", self.state(batch, hidden), "directions, batch, hidden"),
            ("initial_c", self.state(batch, hidden), "directions, batch, hidden"),
            ("P", (directions, self.peepholes * hidden), "directions, peepholes*hidden"),
        ]
        for slot, (fact, (name, shape, meaning)) in enumerate(zip(rest, roles, strict=False), 3):
            if fact is not None:
                self._parameter(fact, slot, shape, name, meaning)
        y = (batch, steps, directions, hidden) if self.layout else (steps, directions, batch, hidden)
        state = x.of(self.state(batch, hidden))
        return [x.of(y), state, state]

    def sequence(self, x: Fact) -> tuple[Dim, Dim, Dim]:
        """Steps, batch and inputs of X."""
        if x.shape is None:
            return fresh(), fresh(), fresh()
        if len(x.shape) != 3:
            message = (
                f"{self.node.op_type} needs an input of 3 axes, '{self.node.inputs[0]}' has {len(x.shape)}"
            )
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[0]}")
        a, b, inputs = x.shape
        return (b, a, inputs) if self.layout else (a, b, inputs)

    def state(self, batch: Dim, hidden: Dim) -> Shape:
        """Shape of a hidden state, all directions."""
        return (batch, self.directions, hidden) if self.layout else (self.directions, batch, hidden)

    def units(self, r: Fact) -> Dim:
        """H: ``hidden_size``, or what R's last axis says."""
        if self.hidden_size is not None:
            if self.hidden_size < 1:
                message = f"hidden_size is {self.hidden_size}, it must be at least 1"
                raise ShapeError("attribute-invalid", message, subject="attribute hidden_size")
            return self.hidden_size
        if r.shape is None or len(r.shape) != 3:
            return fresh()
        if not self.transposed:
            return r.shape[2]
        found = divide_exact(r.shape[2], self.gates)
        return fresh() if found is None else found

    def _parameter(self, fact: Fact, slot: int, expected: Shape, name: str, meaning: str) -> None:
        if fact.shape is None:
            return
        if self.transposed and name in ("W", "R"):
            expected = (expected[0], expected[2], expected[1])
        fits = len(fact.shape) == len(expected) and all(
            not isinstance(a, int) or not isinstance(b, int) or a == b
            for a, b in zip(fact.shape, expected, strict=True)
        )
        if fits:
            return
        shown = [" x ".join(str(d) for d in dims) for dims in (fact.shape, expected)]
        message = f"{self.node.op_type}'s {name} is {shown[0]}, it must be {shown[1]} ({meaning})"
        kind = "recurrent-weight-shape"
        raise ShapeError(kind, message, subject=f"input {self.node.inputs[slot]}")

    def sizes(self, ins: Sequence[Fact | None]) -> tuple[Dim, Dim, Dim] | None:
        """Steps of all directions and sequences together, I and H; None when X's rank is unknown."""
        x, w, r = ins[:3]
        if x is None or r is None or x.shape is None:
            return None
        steps, batch, inputs = self.sequence(x)
        if not isinstance(inputs, int) and w is not None and w.shape is not None:
            inputs = w.shape[1 if self.transposed else 2]
        return self.directions * steps * batch, inputs, self.units(r)

    def has(self, ins: Sequence[Fact | None], slot: int) -> bool:
        """True when optional input ``slot`` is given."""
        return len(ins) > slot and ins[slot] is not None

    def products(self, ins: Sequence[Fact | None]) -> Cost | None:
        """Gate pre-activations: G*H*(I + H) macs for each step; their sums, biases and clipping.

        Each of the G*H sums adds I + H products (I + H - 1 additions) and the two biases (2 more).
        """
        sizes = self.sizes(ins)
        if sizes is None:
            return None
        runs, inputs, hidden = sizes
        units = runs * self.gates * hidden
        cost = Cost.linear(units, inputs + hidden)
        if self.has(ins, 3):
            cost = cost + Cost(adds=2 * units)
        return cost + Cost(other=2 * units) if self.clip is not None else cost

    def roomy(self, interval: Interval, slack: float) -> Interval:
        """``interval`` with ends further out by ``slack`` of their size."""
        low, high = interval.least(), interval.greatest()
        return Interval(low - abs(low) * slack, high + abs(high) * slack, interval.source)

    def image(self, position: int, default: str) -> Interval:
        """Values of activation ``position`` over every direction (ONNX, RNN's table of functions)."""
        names = self.activations or ()
        per = len(names) // self.directions if names else 0
        picked = [n for i, n in enumerate(names) if per and i % per == position] or [default]
        found = Interval(float("inf"), float("-inf"))
        for name in picked:
            found = affine.hull(found, IMAGES.get(name.lower(), ANY))
        return found


APPROXIMATION = 1e-6
"""Room for the approximations of exp and tanh that runtimes compute."""
LONG_RUN = 0.05
"""Room for 50,000 steps of outward rounding, where the number of steps is unknown."""

IMAGES = {
    "sigmoid": Interval(0.0, 1.0),
    "tanh": Interval(-1.0, 1.0),
    "hardsigmoid": Interval(0.0, 1.0),
    "softsign": Interval(-1.0, 1.0),
    "relu": Interval(0.0),
    "softplus": Interval(0.0),
}
"""Activations whose image does not depend on alpha and beta."""

ZERO = Interval(0.0, 0.0)


class _OneState(Recurrent):
    """A layer whose only state is H."""

    def outputs(
        self,
        x: Fact,
        w: Fact,
        r: Fact,
        b: Fact | None = None,
        sequence_lens: Fact | None = None,
        initial_h: Fact | None = None,
    ) -> list[Fact]:
        return self.layer(x, w, r, (b, sequence_lens, initial_h))[:2]


@operator("RNN")
class RNN(_OneState):
    """H_t = f(X_t W^T + H_(t-1) R^T + Wb + Rb).

    https://onnx.ai/onnx/operators/onnx__RNN.html
    """

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each step H*(I + H) macs and H activations."""
        sizes, products = self.sizes(ins), self.products(ins)
        if sizes is None or products is None:
            return None
        return products + Cost(other=sizes[0] * sizes[2])

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [self.roomy(affine.hull(self.image(0, "Tanh"), ZERO), APPROXIMATION)] * len(outs)


@operator("GRU")
class GRU(_OneState):
    """z, r = f(...); h = g(X W^T + (r * H) R^T + Wb + Rb); H_t = (1 - z) * h + z * H_(t-1).

    https://onnx.ai/onnx/operators/onnx__GRU.html
    """

    gates = 3
    linear_before_reset = attribute.integer(0)

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each step 3H*(I + H) macs, 3H products (r*H, (1-z)*h, z*H), 2H sums, 3H activations."""
        sizes, products = self.sizes(ins), self.products(ins)
        if sizes is None or products is None:
            return None
        units = sizes[0] * sizes[2]
        return products + Cost(mults=3 * units, adds=2 * units, other=3 * units)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        gate = self.image(0, "Sigmoid")
        if gate.least() < 0 or gate.greatest() > 1:
            return [ANY] * len(outs)
        found = affine.hull(self.image(1, "Tanh"), ZERO)
        if self.has(ins, 5):
            start = ranges[5]
            found = affine.hull(found, Interval(start.least(), start.greatest(), start.source))
        # each step's convex combination may round outwards once more
        x = ins[0]
        steps = self.sequence(x)[0] if x is not None else None
        slack = APPROXIMATION * steps if isinstance(steps, int) else LONG_RUN
        return [self.roomy(found, slack)] * len(outs)


@operator("LSTM")
class LSTM(Recurrent):
    """i, o, f = f(...); c = g(...); C_t = f * C_(t-1) + i * c; H_t = o * h(C_t).

    https://onnx.ai/onnx/operators/onnx__LSTM.html
    """

    gates = 4
    peepholes = 3
    input_forget = attribute.integer(0)

    def outputs(
        self,
        x: Fact,
        w: Fact,
        r: Fact,
        b: Fact | None = None,
        sequence_lens: Fact | None = None,
        initial_h: Fact | None = None,
        initial_c: Fact | None = None,
        p: Fact | None = None,
    ) -> list[Fact]:
        return self.layer(x, w, r, (b, sequence_lens, initial_h, initial_c, p))

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each step 4H*(I + H) macs, 3H products (f*C, i*c, o*h(C)), H sums, 5H activations.

        Peepholes add 3H products and 3H sums.
        """
        sizes, products = self.sizes(ins), self.products(ins)
        if sizes is None or products is None:
            return None
        units = sizes[0] * sizes[2]
        cost = products + Cost(mults=3 * units, adds=units, other=5 * units)
        return cost + Cost(mults=3 * units, adds=3 * units) if self.has(ins, 7) else cost

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        gate, cell, out = self.image(0, "Sigmoid"), self.image(1, "Tanh"), self.image(2, "Tanh")
        y = self.roomy(affine.hull(affine.product(gate, out), ZERO), APPROXIMATION)
        return [y, y, self._cell_state(gate, cell, ranges, ins)][: len(outs)]

    def _cell_state(
        self, gate: Interval, cell: Interval, ranges: Sequence[Interval], ins: Sequence[Fact | None]
    ) -> Interval:
        """|C| grows by at most max|c| at each step when the gates lie in [0, 1]."""
        sizes = ins[0]
        steps = self.sequence(sizes)[0] if sizes is not None else None
        if not isinstance(steps, int) or gate.least() < 0 or gate.greatest() > 1:
            return ANY
        low, high = min(cell.least(), 0.0) * steps, max(cell.greatest(), 0.0) * steps
        if self.has(ins, 6):
            start = ranges[6]
            low, high = low + min(start.least(), 0.0), high + max(start.greatest(), 0.0)
            return self.roomy(Interval(low, high, start.source), APPROXIMATION)
        return self.roomy(Interval(low, high), APPROXIMATION)


@operator("DynamicQuantizeLSTM", domain="com.microsoft")
class DynamicQuantizeLSTM(LSTM):
    """An LSTM whose int8 W is [D, I, 4H] and R is [D, H, 4H]; X and H are quantised at each step.

    https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DynamicQuantizeLSTM
    """

    transposed = True

    def outputs(
        self,
        x: Fact,
        w: Fact,
        r: Fact,
        b: Fact | None = None,
        sequence_lens: Fact | None = None,
        initial_h: Fact | None = None,
        initial_c: Fact | None = None,
        p: Fact | None = None,
        w_scale: Fact | None = None,
        w_zero_point: Fact | None = None,
        r_scale: Fact | None = None,
        r_zero_point: Fact | None = None,
    ) -> list[Fact]:
        directions, columns = self.directions, self.gates * self.units(r)
        for slot, fact in enumerate((w_scale, w_zero_point, r_scale, r_zero_point), 8):
            if fact is None or not fact.shape:
                continue
            name = self.node.inputs[slot]
            message = (
                f"DynamicQuantizeLSTM's '{name}' has {{a}} rows, it needs one for each of {{b}} directions"
            )
            subject = f"input {name}"
            agree(fact.shape[0], directions, message, kind="recurrent-weight-shape", subject=subject)
            if len(fact.shape) > 1:
                message = f"DynamicQuantizeLSTM's '{name}' has {{a}} columns, it needs {{b}}"
                agree(fact.shape[1], columns, message, kind="recurrent-weight-shape", subject=subject)
        return self.layer(x, w, r, (b, sequence_lens, initial_h, initial_c, p))

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """An LSTM, plus one rescaling product for each of X W and H R of every gate unit."""
        cost, sizes = super().cost(ins, outs), self.sizes(ins)
        if cost is None or sizes is None:
            return None
        runs, inputs, hidden = sizes
        return cost + Cost(mults=2 * runs * self.gates * hidden, other=runs * (inputs + hidden))
