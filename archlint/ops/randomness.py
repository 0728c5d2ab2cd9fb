"""Operators that draw: their shapes are sure, their values are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.model import Fact, unknown_dims
from archlint.ops import attribute
from archlint.ops.casting import element_type
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.movement import Movement
from archlint.ops.operator import operator

if TYPE_CHECKING:
    from collections.abc import Sequence


class Draw(Movement):
    """Common ground: one random number for each element."""

    dtype = attribute.optional_integer()
    deterministic = False

    def kind(self, default: str | None) -> str | None:
        """The element type asked for."""
        return default if self.dtype is None else element_type(self.dtype, "dtype")

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One draw for each element."""
        n = outs[0].numel
        return None if n is None else Cost(other=n)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [ANY]


@operator("RandomNormal")
@operator("RandomUniform")
class Random(Draw):
    """A tensor of random numbers of the shape that an attribute gives.

    https://onnx.ai/onnx/operators/onnx__RandomNormal.html
    """

    shape = attribute.integers()

    def outputs(self) -> list[Fact]:
        return [Fact(self.kind("float32"), self.shape)]


@operator("RandomNormalLike")
@operator("RandomUniformLike")
class RandomLike(Draw):
    """A tensor of random numbers of the shape of x.

    https://onnx.ai/onnx/operators/onnx__RandomNormalLike.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        return [Fact(self.kind(x.dtype), x.shape)]


@operator("Bernoulli", since=15)
class Bernoulli(RandomLike):
    """0 or 1 for each element, 1 with the probability that x gives.

    https://onnx.ai/onnx/operators/onnx__Bernoulli.html
    """

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0, 1.0)]


@operator("Multinomial", since=7)
class Multinomial(Draw):
    """``sample_size`` classes drawn for each row of log-probabilities.

    https://onnx.ai/onnx/operators/onnx__Multinomial.html
    """

    sample_size = attribute.integer(1)

    def outputs(self, x: Fact) -> list[Fact]:
        rows = unknown_dims(1) if not x.shape else x.shape[:1]
        return [Fact(self.kind("int32"), (*rows, self.sample_size))]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0)]


@operator("Dropout")
class Dropout(Movement):
    """x itself at inference; in training some elements zero, the others scaled. The mask is second.

    https://onnx.ai/onnx/operators/onnx__Dropout.html
    """

    ratio = attribute.number(0.5)

    def outputs(self, x: Fact, ratio: Fact | None = None, training: Fact | None = None) -> list[Fact]:
        y = x.of(x.shape) if self.training(training) else x
        mask = "bool" if self.opset >= 10 else x.dtype
        return [y, Fact(mask, x.shape)]

    def training(self, mode: Fact | None) -> bool:
        """True unless it is certain that nothing is dropped."""
        if self.opset < 7:
            return not self.attrs.get("is_test", 0)
        return mode is not None and mode.scalar() is not False

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        mode = ins[2] if len(ins) > 2 else None
        return [ANY if self.training(mode) else ranges[0], Interval(0.0, 1.0)][: len(outs)]
