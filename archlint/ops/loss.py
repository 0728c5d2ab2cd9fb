"""Losses: how far scores are from labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.ops import attribute
from archlint.ops.agreement import agree, vector
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import Operator, operator
from archlint.symbolic import product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Fact, Shape


class Loss(Operator):
    """A number for each label, or their mean or sum."""

    ignore_index = attribute.optional_integer()
    reduction = attribute.text("mean")

    def labels(self, scores: Fact, target: Fact, weight: Fact | None) -> Shape | None:
        """Shape of the labels: that of the scores without the classes."""
        if self.reduction not in ("none", "mean", "sum"):
            message = f"reduction '{self.reduction}' is none of none, mean, sum"
            raise ShapeError("attribute-invalid", message, subject="attribute reduction")
        if scores.shape is None:
            return target.shape
        if len(scores.shape) < 2:
            message = f"{self.node.op_type} needs scores of at least 2 axes, not {len(scores.shape)}"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[0]}")
        vector(weight, scores.shape[1], self.node, 2, "weight")
        expected = (scores.shape[0], *scores.shape[2:])
        if target.shape is None:
            return expected
        if len(target.shape) != len(expected):
            message = f"{self.node.op_type}'s labels have {len(target.shape)} axes, it needs {len(expected)}"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[1]}")
        message = f"{self.node.op_type} has {{a}} labels for {{b}} scores"
        pairs = zip(target.shape, expected, strict=True)
        return tuple(agree(a, b, message, subject=f"input {self.node.inputs[1]}") for a, b in pairs)

    def reduced(self, scores: Fact, target: Fact, weight: Fact | None) -> Fact:
        """The loss itself."""
        shape = self.labels(scores, target, weight)
        return scores.of(shape if self.reduction == "none" else ())

    def picking(self, ins: Sequence[Fact | None]) -> Cost | None:
        """A negation and a product with its weight for each label; n - 1 sums; a division for a mean.

        A weighted mean also sums the weights.
        """
        target = ins[1]
        if target is None or target.shape is None:
            return None
        n = product(target.shape)
        weighted = len(ins) > 2 and ins[2] is not None
        cost = Cost(mults=n if weighted else 0, other=n)
        if self.reduction == "none":
            return cost
        mean = self.reduction == "mean"
        return cost + Cost(adds=(n - 1) * (2 if weighted and mean else 1), other=1 if mean else 0)


@operator("NegativeLogLikelihoodLoss", since=12)
class NegativeLogLikelihoodLoss(Loss):
    """-weight[t] * x[n, t, ...] for the label t of each position, reduced.

    https://onnx.ai/onnx/operators/onnx__NegativeLogLikelihoodLoss.html
    """

    def outputs(self, scores: Fact, target: Fact, weight: Fact | None = None) -> list[Fact]:
        return [self.reduced(scores, target, weight)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A negation for each label, a product with its weight, the sum or mean."""
        return self.picking(ins)


@operator("SoftmaxCrossEntropyLoss", since=12)
class SoftmaxCrossEntropyLoss(Loss):
    """The negative log-likelihood of log-softmax(scores); optionally the log-probabilities.

    https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html
    """

    def outputs(self, scores: Fact, labels: Fact, weights: Fact | None = None) -> list[Fact]:
        return [self.reduced(scores, labels, weights), scores.of(scores.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A LogSoftmax over the classes, then the negative log-likelihood."""
        scores, rest = ins[0], self.picking(ins)
        if scores is None or scores.shape is None or rest is None:
            return None
        n, rows = product(scores.shape), product((scores.shape[0], *scores.shape[2:]))
        return rest + Cost(adds=2 * n - rows, other=n + rows)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [ANY, Interval(hi=0.0)][: len(outs)]
