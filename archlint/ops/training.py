"""Optimiser steps: tensors, their gradients and their state in; tensors and state out."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from archlint.errors import ShapeError, Undetermined
from archlint.model import Fact
from archlint.ops import attribute
from archlint.ops.agreement import agree
from archlint.ops.cost import Cost
from archlint.ops.operator import Operator, operator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.symbolic import Dim

DOMAIN = "ai.onnx.preview.training"


class Optimiser(Operator):
    """Learning rate, step count, then k tensors, k gradients and ``states`` times k state tensors.

    The outputs are the k tensors and their states, changed.
    """

    states: ClassVar[int] = 1
    each: ClassVar[Cost] = Cost()

    def outputs(self, rate: Fact, step: Fact, *tensors: Fact) -> list[Fact]:
        groups = 2 + self.states
        if not tensors or len(tensors) % groups:
            message = f"{self.node.op_type} needs a multiple of {groups} tensors, gets {len(tensors)}"
            raise ShapeError("input-count", message)
        if any(t is None for t in tensors):
            raise ShapeError("input-count", f"{self.node.op_type} needs every input, one is left out")
        k = len(tensors) // groups
        for i in range(k, len(tensors)):
            self._check(tensors[i % k], tensors[i], i + 2)
        return [
            x.of(tensors[i % k].shape or x.shape) for i, x in enumerate((*tensors[:k], *tensors[2 * k :]))
        ]

    def _check(self, tensor: Fact, other: Fact, slot: int) -> None:
        if tensor.shape is None or other.shape is None:
            return
        subject = f"input {self.node.inputs[slot]}"
        if len(tensor.shape) != len(other.shape):
            message = f"{self.node.op_type} updates {len(tensor.shape)} axes with {len(other.shape)}"
            raise ShapeError("shape-mismatch", message, subject=subject)
        for a, b in zip(other.shape, tensor.shape, strict=True):
            agree(a, b, f"{self.node.op_type} updates an axis of {{b}} with one of {{a}}", subject=subject)

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """The work of one element (see the class) times the elements of all tensors."""
        k = (len(ins) - 2) // (2 + self.states)
        total: Dim = 0
        for fact in ins[2 : 2 + k]:
            if fact is None or fact.numel is None:
                return None
            total = total + fact.numel
        return self.each.times(total)


@operator("Adagrad", domain=DOMAIN)
class Adagrad(Optimiser):
    """g += norm*x; h += g^2; x -= rate * g / (sqrt(h) + epsilon).

    https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adagrad.html
    """

    each = Cost(mults=3, adds=4, other=2)


@operator("Adam", domain=DOMAIN)
class Adam(Optimiser):
    """v = a*v + (1-a)*g; h = b*h + (1-b)*g^2; x -= rate * v / (sqrt(h) + epsilon), g with norm*x.

    https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adam.html
    """

    states = 2
    each = Cost(mults=8, adds=5, other=2)


@operator("Momentum", domain=DOMAIN)
class Momentum(Optimiser):
    """v = alpha*v + beta*g; x -= rate * v, or rate * (g + alpha*v) in mode ``nesterov``; g with norm*x.

    https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Momentum.html
    """

    each = Cost(mults=4, adds=3)
    mode = attribute.text("standard")

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """4 products and 3 sums for each element, one more of each in mode ``nesterov``."""
        cost, k = super().cost(ins, outs), (len(ins) - 2) // 3
        if cost is None or self.mode != "nesterov":
            return cost
        total: Dim = 0
        for fact in ins[2 : 2 + k]:
            if fact is not None and fact.numel is not None:
                total = total + fact.numel
        return cost + Cost(mults=total, adds=total)


@operator("Gradient", domain=DOMAIN)
class Gradient(Operator):
    """The derivatives of ``y`` with respect to ``xs``: one output of the shape of each.

    https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Gradient.html
    """

    xs = attribute.texts()
    zs = attribute.texts()

    def outputs(self, *values: Fact) -> list[Fact]:
        if not self.xs or len(self.xs) > len(values):
            raise Undetermined("`xs` does not name the first inputs")
        return [x.of(x.shape) if x is not None else Fact() for x in values[: len(self.xs)]]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """None: the work is that of the graph between ``xs`` and ``y``, differentiated."""
        return None
