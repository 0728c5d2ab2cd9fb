"""The inverse question: which input sizes give a wanted output size.

A layer's answer has a closed form: ``floor((n + p - e)/s) + 1 = m`` holds for the ``s`` sizes
``(m - 1)*s + e - p <= n < m*s + e - p``, where ``e = (k - 1)*d + 1`` is the extent of the window and
``p`` the sum of both pads. For a whole model the output is an expression of one symbol, whose
pre-image is found by bisection on its bounds; every candidate is then propagated through the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archlint.analyses.shapes import Propagation
from archlint.errors import UsageError
from archlint.ops.window import Windowed
from archlint.symbolic import Expr, bounds, evaluate, free_symbols, mod, symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from archlint.analyses.shapes import Shapes, Step
    from archlint.model import Model
    from archlint.symbolic import Dim

MAX_ANSWERS = 64
MAX_TRIALS = 2_048


@dataclass(frozen=True, slots=True)
class Window:
    """One axis of a convolution or pool: kernel, stride, both pads together, dilation."""

    kernel: int
    stride: int = 1
    pads: int = 0
    dilation: int = 1

    def __post_init__(self) -> None:
        if self.kernel < 1 or self.stride < 1 or self.dilation < 1:
            raise UsageError("kernel, stride and dilation must be at least 1")

    @property
    def extent(self) -> int:
        """Input positions from the first to the last that the window covers."""
        return (self.kernel - 1) * self.dilation + 1

    def output(self, size: int) -> int:
        """Output size for input ``size``; 0 or less when the window does not fit."""
        return (size + self.pads - self.extent) // self.stride + 1

    def inputs(self, output: int) -> range:
        """Every input size of at least 1 that gives ``output``.

        >>> list(Window(kernel=7, stride=3).inputs(16))
        [52, 53, 54]
        """
        if output < 1:
            return range(0)
        first = (output - 1) * self.stride + self.extent - self.pads
        return range(max(first, 1), max(first + self.stride, 1))

    def unread(self, size: int) -> int:
        """Trailing rows of the padded input that no window reads."""
        return (size + self.pads - self.extent) % self.stride


@dataclass(frozen=True, slots=True)
class Answer:
    """Input sizes that give the wanted output, those that waste no row, and why there are none.

    ``expression`` is the output as a formula of the input size, None when it has none.
    ``complete`` is False when only the first sizes of a longer list are given.
    """

    sizes: tuple[int, ...]
    exact: tuple[int, ...]
    expression: str | None
    why: str | None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """``output`` [``output_axis``] = ``target`` as a function of ``input`` [``input_axis``]."""

    output: str
    output_axis: int
    target: int
    input: str
    input_axis: int
    low: int = 1
    high: int = 8_192


def solve(model: Model, question: Question, dims: Mapping[str, Dim] | None = None) -> Answer:
    """Sizes of one input dim for which one output dim has the wanted value.

    Raises `UsageError` when a name or axis is not in the model, or other symbols take part.
    """
    name, shapes = _freed(model, question)
    pinned = dict(dims or {})
    first = Propagation(model, pinned, shapes).run()
    goal = _goal(first, question)
    if goal is None:
        return _Trial(model, question, name, pinned, shapes, unread(first)).every()
    if isinstance(goal, int):
        why = None if goal == question.target else f"the output is {goal} whatever the input is"
        if why is None:
            why = f"the output does not depend on {question.input}[{question.input_axis}]"
        return Answer((), (), str(goal), why)
    others = sorted(s.name for s in free_symbols(goal) if s.name != name)
    if others:
        message = f"the output is {goal}, which depends on {', '.join(others)} too"
        raise UsageError(message, help=f"fix it: --dim {others[0]}=1")
    found, complete = preimage(goal, name, question.target, question.low, question.high)
    trial = _Trial(model, question, name, pinned, shapes, unread(first))
    kept, exact, refused = trial.verify(found)
    why = None
    if not kept:
        why = refused or nearest(goal, name, question)
    return Answer(tuple(kept), tuple(exact), str(goal), why, complete)


def preimage(goal: Dim, name: str, target: int, low: int, high: int) -> tuple[list[int], bool]:
    """Values of symbol ``name`` in ``low..high`` at which ``goal`` is ``target``, and if that is all."""
    found: list[int] = []
    waiting = [(low, high)]
    while waiting:
        a, b = waiting.pop()
        least, most = bounds(goal, {name: (a, b)})
        if (least is not None and least > target) or (most is not None and most < target):
            continue
        if a == b:
            if evaluate(goal, {name: a}) == target:
                if len(found) == MAX_ANSWERS:
                    return found, False
                found.append(a)
            continue
        middle = (a + b) // 2
        waiting += [(middle + 1, b), (a, middle)]
    return found, True


def nearest(goal: Dim, name: str, question: Question) -> str:
    """Why no size gives the target: the closest outputs that sizes in the range do give."""
    below: tuple[int, int] | None = None
    above: tuple[int, int] | None = None
    for size in range(question.low, min(question.high, question.low + MAX_TRIALS) + 1):
        try:
            value = evaluate(goal, {name: size})
        except (ValueError, ZeroDivisionError):
            continue
        if value is not None and value < question.target and (below is None or value > below[0]):
            below = (value, size)
        if value is not None and value > question.target and (above is None or value < above[0]):
            above = (value, size)
    near = [f"{value} (size {size})" for value, size in filter(None, (below, above))]
    span = f"no size in {question.low}..{question.high} gives {question.target}"
    return f"{span}; nearest outputs: {' and '.join(near)}" if near else span


def _freed(model: Model, question: Question) -> tuple[str, dict[str, tuple[Dim, ...]]]:
    """The symbol that stands for the input dim asked for, and the input shapes that hold it."""
    declared = model.graph.inputs.get(question.input)
    if declared is None or declared.shape is None:
        known = ", ".join(n for n in model.graph.inputs if n not in model.graph.weights)
        raise UsageError(f"no input '{question.input}' of known rank; the inputs are {known}")
    if not -len(declared.shape) <= question.input_axis < len(declared.shape):
        raise UsageError(f"input '{question.input}' has {len(declared.shape)} axes: {declared}")
    dim = declared.shape[question.input_axis]
    if isinstance(dim, Expr) and dim.known:
        return str(dim), {}
    name = "n"
    while name in {
        s.name for f in model.graph.inputs.values() for d in f.shape or () for s in free_symbols(d)
    }:
        name += "n"
    shape = list(declared.shape)
    shape[question.input_axis] = symbol(name)
    return name, {question.input: tuple(shape)}


def _goal(shapes: Shapes, question: Question) -> Dim | None:
    """The output dim asked for, as propagation sees it; None when it is unknown."""
    if question.output not in shapes.main.facts:
        known = ", ".join(shapes.main.graph.outputs)
        raise UsageError(f"no tensor '{question.output}'; the outputs are {known}")
    shape = shapes.main.fact(question.output).shape
    if shape is None:
        return None
    if not -len(shape) <= question.output_axis < len(shape):
        raise UsageError(f"'{question.output}' has {len(shape)} axes")
    goal = shape[question.output_axis]
    return None if isinstance(goal, Expr) and not goal.known else goal


@dataclass(frozen=True, slots=True)
class _Trial:
    """The model run through propagation with numbers in place of the symbol ``name``."""

    model: Model
    question: Question
    name: str
    pinned: Mapping[str, Dim]
    shapes: Mapping[str, tuple[Dim, ...]]
    rests: list[Dim]

    def run(self, size: int) -> Shapes:
        return Propagation(self.model, {**self.pinned, self.name: size}, self.shapes).run()

    def verify(self, sizes: Iterable[int]) -> tuple[list[int], list[int], str | None]:
        """The sizes that the whole model accepts, those that waste nothing, and the first refusal."""
        kept: list[int] = []
        exact: list[int] = []
        refused = None
        for size in sizes:
            run = self.run(size)
            if _goal(run, self.question) != self.question.target:
                wrong = [d for d in run.defects if d.error.severity != "info"]
                if wrong and refused is None:
                    error = wrong[0]
                    where = error.step.node.label
                    refused = f"size {size} fails inside the model: node '{where}': {error.error.message}"
                continue
            kept.append(size)
            if not any(evaluate(rest, {self.name: size}) for rest in self.rests):
                exact.append(size)
            if len(kept) > MAX_ANSWERS:
                break
        return kept, exact, refused

    def every(self) -> Answer:
        """Size after size, for an output that has no formula."""
        low, high = self.question.low, min(self.question.high, self.question.low + MAX_TRIALS - 1)
        if not isinstance(_goal(self.run(high), self.question), int):
            place = f"'{self.question.output}'[{self.question.output_axis}]"
            raise UsageError(f"{place} cannot be computed from the input size")
        kept, exact, _ = self.verify(range(low, high + 1))
        why = None if kept else f"no size in {low}..{high} gives {self.question.target}"
        return Answer(tuple(kept[:MAX_ANSWERS]), tuple(exact), None, why, len(kept) <= MAX_ANSWERS)


def unread(shapes: Shapes) -> list[Dim]:
    """Rows that no window reads, one dim for each spatial axis of each windowed operator.

    ``(size + pads - extent) mod stride``; axes of fixed or unknown size have no part in the question.
    """
    return [rest for scope in shapes.scopes for step in scope.steps for rest in _rests(step)]


def _rests(step: Step) -> Iterator[Dim]:
    operator, x = step.operator, step.ins[0] if step.ins else None
    if not isinstance(operator, Windowed) or x is None or x.shape is None or not step.outs:
        return
    if operator.auto_pad not in ("NOTSET", "VALID"):
        return
    kernel: tuple[Dim, ...] | None = operator.kernel_shape
    if kernel is None and len(step.ins) > 1 and step.ins[1] is not None and step.ins[1].shape is not None:
        kernel = step.ins[1].shape[2:]
    if kernel is None or len(x.shape) != len(kernel) + 2:
        return
    axes = len(kernel)
    strides = operator.per_axis("strides", operator.strides, axes, 1)
    dilations = operator.per_axis("dilations", operator.dilations, axes, 1)
    pads = operator.per_axis("pads", operator.pads if operator.auto_pad == "NOTSET" else None, 2 * axes, 0)
    for i, size in enumerate(x.shape[2:]):
        if isinstance(size, Expr) and size.known and strides[i] > 1:
            extent = (kernel[i] - 1) * dilations[i] + 1
            yield mod(size + pads[i] + pads[i + axes] - extent, strides[i])
