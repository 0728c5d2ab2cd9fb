"""Signal processing: Fourier transforms, windows, the mel scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.model import Fact
from archlint.model.dtypes import ONNX_CODES
from archlint.ops import attribute
from archlint.ops.agreement import agree
from archlint.ops.cost import Cost
from archlint.ops.interval import Interval
from archlint.ops.operator import Operator, operator
from archlint.symbolic import Dim, floordiv, fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Shape


def spectrum(
    operator: Operator, x: Fact, axis: int, length: Fact | None, *, inverse: bool, onesided: bool
) -> Fact:
    """The transform of ``x`` along ``axis``: pairs (real, imaginary) in the last axis."""
    if x.shape is None:
        return x.of(None)
    rank = len(x.shape)
    if not -rank <= axis < rank or rank < 2 or axis % rank == rank - 1:
        message = f"{operator.node.op_type} cannot transform axis {axis} of a tensor of {rank} axes"
        raise ShapeError("attribute-invalid", message, subject="attribute axis")
    shape = list(x.shape)
    size: Dim = shape[axis]
    if length is not None:
        found = length.ints()
        size = fresh() if found is None or len(found) != 1 else found[0]
    shape[axis] = floordiv(size, 2) + 1 if onesided and not inverse else size
    shape[-1] = 1 if onesided and inverse else 2
    if onesided and inverse and length is None:
        shape[axis] = (shape[axis] - 1) * 2
    return x.of(tuple(shape))


def transform_cost(points: Dim, bins: Dim, rows: Dim, *, real: bool) -> Cost:
    """The defining sum: ``bins`` outputs of ``points`` complex products for each row.

    A real input needs 2 products and 2 sums each, a complex one 4 and 4. A fast transform does less;
    the count is that of the formula.
    """
    terms = rows * bins * points * (1 if real else 2)
    return Cost(mults=2 * terms, adds=2 * terms - 2 * rows * bins)


class Transform(Operator):
    """A discrete Fourier transform along one axis."""

    def dft_cost(self, x: Fact | None, y: Fact, axis: int) -> Cost | None:
        """The defining sum over the axis."""
        if x is None or x.shape is None or y.shape is None:
            return None
        at = axis % len(x.shape)
        rows = product(d for i, d in enumerate(x.shape[:-1]) if i != at)
        return transform_cost(x.shape[at], y.shape[at], rows, real=x.shape[-1] == 1)


@operator("DFT", since=17)
class DFT17(Transform):
    """X[k] = sum over n of x[n] * exp(-2 pi i k n / N) along the attribute ``axis``.

    https://onnx.ai/onnx/operators/onnx__DFT.html
    """

    axis = attribute.integer(1)
    inverse = attribute.integer(0)
    onesided = attribute.integer(0)

    def outputs(self, x: Fact, dft_length: Fact | None = None) -> list[Fact]:
        return [
            spectrum(self, x, self.axis, dft_length, inverse=bool(self.inverse), onesided=bool(self.onesided))
        ]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """The defining sum: bins * points complex products for each row, not a fast transform's count."""
        return self.dft_cost(ins[0], outs[0], self.axis)


@operator("DFT", since=20)
class DFT(Transform):
    """X[k] = sum over n of x[n] * exp(-2 pi i k n / N) along the axis of the third input, default -2.

    https://onnx.ai/onnx/operators/onnx__DFT.html
    """

    inverse = attribute.integer(0)
    onesided = attribute.integer(0)

    def outputs(self, x: Fact, dft_length: Fact | None = None, axis: Fact | None = None) -> list[Fact]:
        at = self._axis(axis)
        if at is None:
            if x.shape is None:
                return [x]
            last: Dim = fresh() if self.onesided and self.inverse else 2
            changed = tuple(fresh() for _ in x.shape[:-1])
            return [x.of((*changed, 1 if self.onesided and self.inverse else last))]
        flags = {"inverse": bool(self.inverse), "onesided": bool(self.onesided)}
        return [spectrum(self, x, at, dft_length, **flags)]

    def _axis(self, axis: Fact | None) -> int | None:
        if axis is None:
            return -2
        found = axis.scalar()
        return found if isinstance(found, int) else None

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """The defining sum: bins * points complex products for each row, not a fast transform's count."""
        at = self._axis(ins[2] if len(ins) > 2 else None)
        return None if at is None else self.dft_cost(ins[0], outs[0], at)


@operator("STFT", since=17)
class STFT(Operator):
    """The Fourier transform of every frame of a signal: ``[batch, frames, bins, 2]``.

    https://onnx.ai/onnx/operators/onnx__STFT.html
    """

    onesided = attribute.integer(1)

    def outputs(
        self, signal: Fact, frame_step: Fact, window: Fact | None = None, frame_length: Fact | None = None
    ) -> list[Fact]:
        batch, length, *_ = self._checked(signal)
        frame = self.frame((signal, frame_step, window, frame_length))
        step = frame_step.ints()
        frames: Dim = fresh()
        if step is not None and len(step) == 1 and step[0] != 0:
            frames = floordiv(length - frame, step[0]) + 1
        return [signal.of((batch, frames, floordiv(frame, 2) + 1 if self.onesided else frame, 2))]

    def _checked(self, signal: Fact) -> Shape:
        if signal.shape is None:
            return fresh(), fresh()
        if len(signal.shape) not in (2, 3):
            message = f"STFT needs a signal of 2 or 3 axes, '{self.node.inputs[0]}' has {len(signal.shape)}"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[0]}")
        return signal.shape

    def frame(self, ins: Sequence[Fact | None]) -> Dim:
        """Samples of a frame: ``frame_length``, or the window's."""
        window, length = (ins[i] if len(ins) > i else None for i in (2, 3))
        size: Dim = fresh()
        if length is not None:
            found = length.ints()
            size = found[0] if found is not None and len(found) == 1 else size
        if window is not None and window.shape is not None and len(window.shape) == 1:
            message = "STFT's window has {a} samples, its frames {b}"
            size = agree(window.shape[0], size, message, subject=f"input {self.node.inputs[2]}")
        return size

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A product with the window for each sample of a frame, then the defining sum of each bin."""
        y, x = outs[0], ins[0]
        if y.shape is None or x is None or x.shape is None:
            return None
        frame, rows = self.frame(ins), y.shape[0] * y.shape[1]
        real = len(x.shape) == 2 or x.shape[-1] == 1
        windowed = len(ins) > 2 and ins[2] is not None
        cost = transform_cost(frame, y.shape[2], rows, real=real)
        return cost + Cost(mults=rows * frame * (1 if real else 2)) if windowed else cost


class CosineWindow(Operator):
    """A bell of cosines over ``size`` samples."""

    output_datatype = attribute.integer(1)
    periodic = attribute.integer(1)

    def outputs(self, size: Fact) -> list[Fact]:
        found = size.ints()
        shape: Shape = (found[0] if found is not None and len(found) == 1 else fresh(),)
        return [Fact(ONNX_CODES.get(self.output_datatype), shape)]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(-1e-6, 1.0)]


@operator("HannWindow", since=17)
@operator("HammingWindow", since=17)
class HannWindow(CosineWindow):
    """a - (1 - a) * cos(2 pi n / N): a = 1/2 (Hann) or 25/46 (Hamming).

    https://onnx.ai/onnx/operators/onnx__HannWindow.html
    """

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each sample 2 products, a subtraction and a cosine."""
        n = outs[0].numel
        return None if n is None else Cost(mults=2 * n, adds=n, other=n)


@operator("BlackmanWindow", since=17)
class BlackmanWindow(CosineWindow):
    """0.42 - 0.5 * cos(2 pi n / N) + 0.08 * cos(4 pi n / N).

    https://onnx.ai/onnx/operators/onnx__BlackmanWindow.html
    """

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each sample 4 products, 2 sums and 2 cosines."""
        n = outs[0].numel
        return None if n is None else Cost(mults=4 * n, adds=2 * n, other=2 * n)


@operator("MelWeightMatrix", since=17)
class MelWeightMatrix(Operator):
    """Triangles on the mel scale: ``[dft_length // 2 + 1, num_mel_bins]``.

    https://onnx.ai/onnx/operators/onnx__MelWeightMatrix.html
    """

    output_datatype = attribute.integer(1)

    def outputs(self, bins: Fact, dft_length: Fact, rate: Fact, lower: Fact, upper: Fact) -> list[Fact]:
        count, length = bins.ints(), dft_length.ints()
        rows = floordiv(length[0], 2) + 1 if length is not None and len(length) == 1 else fresh()
        columns = count[0] if count is not None and len(count) == 1 else fresh()
        return [Fact(ONNX_CODES.get(self.output_datatype), (rows, columns))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """At most one subtraction and one division for each element."""
        n = outs[0].numel
        return None if n is None else Cost(adds=n, other=n)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0, 1.0)]
