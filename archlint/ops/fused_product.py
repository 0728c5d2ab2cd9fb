"""Matrix products of onnxruntime: fused, quantised, block-quantised.

https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.errors import ShapeError
from archlint.model import Fact
from archlint.ops import attribute
from archlint.ops.agreement import agree, vector
from archlint.ops.cost import Cost
from archlint.ops.operator import Operator, operator
from archlint.ops.product import Gemm, MatMul, inner, matmul_shape
from archlint.ops.quantization import MICROSOFT
from archlint.ops.quantized_product import Requantized, shifts
from archlint.symbolic import fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Shape


@operator("TransposeMatMul", domain=MICROSOFT)
@operator("FusedMatMul", domain=MICROSOFT)
@operator("FusedMatMulActivation", domain=MICROSOFT)
class FusedMatMul(Operator):
    """alpha * A' @ B', each factor transposed where the attributes say so, then an activation if any.

    ``transBatchA`` moves the batch axis behind the rows: ``[M, B, K]`` stands for B matrices M x K.
    """

    activation = attribute.text("")
    alpha = attribute.number(1.0)
    transA = attribute.integer(0)  # noqa: N815 - onnxruntime's spelling
    transB = attribute.integer(0)  # noqa: N815
    transBatchA = attribute.integer(0)  # noqa: N815
    transBatchB = attribute.integer(0)  # noqa: N815

    def outputs(self, a: Fact, b: Fact) -> list[Fact]:
        left, right = self._oriented((a, b))
        return [a.of(matmul_shape(left.shape, right.shape, self.node), a.dtype or b.dtype)]

    def _oriented(self, ins: Sequence[Fact | None]) -> tuple[Fact, Fact]:
        flags = ((self.transA, self.transBatchA), (self.transB, self.transBatchB))
        found = []
        for fact, (flip, batch) in zip(ins, flags, strict=False):
            shape: Shape | None = None if fact is None else fact.shape
            if shape is not None and len(shape) > 1:
                if batch and len(shape) > 2:
                    # onnxruntime lets the batch axes stand between rows and columns
                    shape = (*shape[1:-1], shape[0], shape[-1])
                if flip:
                    shape = (*shape[:-2], shape[-1], shape[-2])
            found.append(Fact(None if fact is None else fact.dtype, shape))
        return found[0], found[1]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A MatMul; a factor alpha other than 1 and an activation touch each output element once."""
        y, terms = outs[0].numel, inner(*self._oriented(ins))
        if y is None or terms is None:
            return None
        return Cost.linear(y, terms) + Cost(
            mults=0 if self.alpha == 1 else y, other=y if self.activation else 0
        )


@operator("FusedGemm", domain=MICROSOFT)
class FusedGemm(Gemm):
    """A Gemm with an activation behind it."""

    activation = attribute.text("")

    def outputs(self, a: Fact, b: Fact, c: Fact | None = None) -> list[Fact]:
        return super().outputs(a, b, c)

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A Gemm, and one other for each output element."""
        cost, y = super().cost(ins, outs), outs[0].numel
        return None if cost is None or y is None else cost + Cost(other=y if self.activation else 0)

    bounds = Operator.bounds


@operator("GemmFastGelu", domain=MICROSOFT)
class GemmFastGelu(Operator):
    """FastGelu(X @ W + bias)."""

    def outputs(self, x: Fact, w: Fact, bias: Fact | None = None) -> list[Fact]:
        return [x.of(matmul_shape(x.shape, w.shape, self.node))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A MatMul with bias, then 6 products, 2 sums and a tanh for each output element."""
        y, terms = outs[0].numel, inner(ins[0], ins[1])
        if y is None or terms is None:
            return None
        bias = len(ins) > 2 and ins[2] is not None
        return Cost.linear(y, terms, bias=bias) + Cost(mults=6 * y, adds=2 * y, other=y)


@operator("MatMulInteger16", domain=MICROSOFT)
class MatMulInteger16(MatMul):
    """Y = A @ B of 16-bit integers, in int32."""

    def outputs(self, a: Fact, b: Fact) -> list[Fact]:
        dtype = "uint32" if a.dtype == b.dtype == "uint16" else "int32"
        return [Fact(dtype, matmul_shape(a.shape, b.shape, self.node))]


@operator("MatMulIntegerToFloat", domain=MICROSOFT)
class MatMulIntegerToFloat(Operator):
    """Y = (A - a_zero_point) @ (B - b_zero_point) * a_scale * b_scale + bias."""

    def outputs(
        self,
        a: Fact,
        b: Fact,
        a_scale: Fact,
        b_scale: Fact,
        a_zero_point: Fact | None = None,
        b_zero_point: Fact | None = None,
        bias: Fact | None = None,
    ) -> list[Fact]:
        shape = matmul_shape(a.shape, b.shape, self.node)
        if shape:
            vector(bias, shape[-1], self.node, 6, "bias")
        return [Fact(a_scale.dtype, shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A MatMul with bias, shifts by zero points, one rescaling product for each output element."""
        y, terms = outs[0].numel, inner(ins[0], ins[1])
        if y is None or terms is None:
            return None
        bias = len(ins) > 6 and ins[6] is not None
        return Cost.linear(y, terms, bias=bias) + shifts(ins, (0, 4), (1, 5)) + Cost(mults=y)


@operator("DynamicQuantizeMatMul", domain=MICROSOFT)
class DynamicQuantizeMatMul(Operator):
    """A quantised on the scale of its own range, times an integer B, rescaled, plus bias."""

    def outputs(
        self, a: Fact, b: Fact, b_scale: Fact, b_zero_point: Fact | None = None, bias: Fact | None = None
    ) -> list[Fact]:
        shape = matmul_shape(a.shape, b.shape, self.node)
        if shape:
            vector(bias, shape[-1], self.node, 4, "bias")
        return [Fact(a.dtype or "float32", shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A MatMul with bias, a DynamicQuantizeLinear of A, one rescaling product for each output."""
        a, y, terms = ins[0], outs[0].numel, inner(ins[0], ins[1])
        if y is None or terms is None or a is None or a.numel is None:
            return None
        bias = len(ins) > 4 and ins[4] is not None
        quantised = Cost(adds=2 * a.numel + 1, other=5 * a.numel + 4)
        return Cost.linear(y, terms, bias=bias) + quantised + shifts(ins, (1, 3)) + Cost(mults=y)


@operator("QGemm", domain=MICROSOFT)
class QGemm(Requantized):
    """A Gemm of quantised matrices, its result quantised again, or real without an output scale."""

    alpha = attribute.number(1.0)
    transA = attribute.integer(0)  # noqa: N815 - onnxruntime's spelling
    transB = attribute.integer(0)  # noqa: N815

    def outputs(
        self,
        a: Fact,
        a_scale: Fact,
        a_zero_point: Fact,
        b: Fact,
        b_scale: Fact,
        b_zero_point: Fact,
        c: Fact | None = None,
        y_scale: Fact | None = None,
        y_zero_point: Fact | None = None,
    ) -> list[Fact]:
        left, right = self._oriented(a, b)
        dtype = "float32" if y_zero_point is None else y_zero_point.dtype
        shape = matmul_shape(left.shape, right.shape, self.node, (0, 3))
        if shape is None:
            shape = (left.shape[0] if left.shape else fresh(), right.shape[1] if right.shape else fresh())
        return [Fact(dtype, shape)]

    def _oriented(self, *factors: Fact | None) -> tuple[Fact, Fact]:
        found = []
        for slot, fact, flip in zip((0, 3), factors, (self.transA, self.transB), strict=True):
            shape = None if fact is None else fact.shape
            if shape is not None and len(shape) != 2:
                message = f"QGemm needs matrices, '{self.node.inputs[slot]}' has {len(shape)} axes"
                raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[slot]}")
            found.append(Fact(None, shape[::-1] if shape and flip else shape))
        return found[0], found[1]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A Gemm, shifts by zero points, and the rescaling of every output element."""
        y, terms = outs[0].numel, inner(*self._oriented(ins[0], ins[3]))
        if y is None or terms is None:
            return None
        bias = len(ins) > 6 and ins[6] is not None
        return Cost.linear(y, terms, bias=bias) + shifts(ins, (0, 2), (3, 5)) + self.rescaling(outs)


class Packed(Operator):
    """Y = A @ B^T for a B of N x K that is stored in blocks of few bits."""

    K = attribute.integer(0)
    N = attribute.integer(0)

    def multiplied(self, a: Fact) -> Fact:
        """A with its last axis, K, replaced by N."""
        if a.shape is None:
            return a.of(None)
        if not a.shape:
            message = f"{self.node.op_type} cannot multiply the scalar '{self.node.inputs[0]}'"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[0]}")
        message = f"{self.node.op_type} multiplies rows of {{a}} by a matrix for {{b}}"
        agree(a.shape[-1], self.K, message, subject=f"input {self.node.inputs[0]}")
        return a.of((*a.shape[:-1], self.N))

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """K macs for each output element; N*K products to scale the weights, a bias adds one."""
        y = outs[0].numel
        if y is None:
            return None
        bias = self.node.op_type == "MatMulNBits" and len(ins) > 5 and ins[5] is not None
        return Cost.linear(y, self.K, bias=bias) + Cost(mults=self.N * self.K)


@operator("MatMulNBits", domain=MICROSOFT)
class MatMulNBits(Packed):
    """Y = A @ B^T, B of N x K quantised in blocks of ``block_size`` to ``bits`` bits, two or more to a byte."""

    block_size = attribute.integer(0)

    def outputs(
        self,
        a: Fact,
        b: Fact,
        scales: Fact,
        zero_points: Fact | None = None,
        g_idx: Fact | None = None,
        bias: Fact | None = None,
    ) -> list[Fact]:
        y = self.multiplied(a)
        vector(bias, self.N, self.node, 5, "bias")
        return [y]


@operator("MatMulBnb4", domain=MICROSOFT)
class MatMulBnb4(Packed):
    """Y = A @ B^T, B of N x K in the 4-bit types of bitsandbytes."""

    def outputs(self, a: Fact, b: Fact, absmax: Fact) -> list[Fact]:
        return [self.multiplied(a)]


@operator("MoE", domain=MICROSOFT)
@operator("QMoE", domain=MICROSOFT)
class MixtureOfExperts(Operator):
    """Each token through its k best experts: two or three matrix products and an activation."""

    k = attribute.integer(1)
    activation_type = attribute.text("relu")
    expert_weight_bits = attribute.integer(4)
    swiglu_fusion = attribute.integer(0)

    def outputs(self, x: Fact, router_probs: Fact, *weights: Any) -> list[Fact]:
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each token k * (hidden*inner + inner*hidden) macs, three times hidden*inner with fc3.

        inner is the rows of the first weight divided by the two halves of a fused SwiGLU.
        """
        quantised = self.node.op_type == "QMoE"
        first = ins[2] if len(ins) > 2 else None
        third = ins[8 if quantised else 6] if len(ins) > (8 if quantised else 6) else None
        x = ins[0]
        if x is None or not x.shape or first is None or first.shape is None or len(first.shape) != 3:
            return None
        hidden, tokens = x.shape[-1], product(x.shape[:-1])
        rows = first.shape[1]
        fused = self.activation_type == "swiglu" and third is None
        second = rows // 2 if fused else rows
        terms = tokens * self.k
        cost = Cost.linear(terms * rows, hidden) + Cost.linear(terms * hidden, second)
        if third is not None:
            cost = cost + Cost.linear(terms * rows, hidden)
        return cost + Cost(other=terms * second)
