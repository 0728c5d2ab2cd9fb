"""onnxruntime's normalisations and activations fused with sums and biases.

https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.model import Fact, unknown_dims
from archlint.ops import attribute
from archlint.ops.activation import Activation
from archlint.ops.agreement import agree, vector
from archlint.ops.cost import Cost
from archlint.ops.gated_activation import gated
from archlint.ops.interval import ANY, Interval
from archlint.ops.normalization import OverLastAxes, standardised
from archlint.ops.operator import Operator, operator
from archlint.ops.quantization import MICROSOFT
from archlint.symbolic import Dim, fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Shape


@operator("SimplifiedLayerNormalization")
class SimplifiedLayerNormalization(OverLastAxes):
    """x / sqrt(mean(x^2) + epsilon) * scale over the last axes, and the factor of each row."""

    def outputs(self, x: Fact, scale: Fact) -> list[Fact]:
        self.check_scale(x, scale, 1)
        parts = self.split(x)
        kept = None if parts is None else (*parts[0], *(1,) * len(parts[1]))
        return [x.of(x.shape), Fact("float32", kept)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """3n products, n additions, and for each row a division, a root and a reciprocal."""
        sizes = self.sizes(ins[0])
        return None if sizes is None else Cost(mults=3 * sizes[0], adds=sizes[0], other=3 * sizes[1])


class Skipping(Operator):
    """The sum of an input, a skip connection and a bias, normalised over its last axis.

    Outputs: the normalised sum, mean and factor of each row, and the sum itself.
    """

    def summed(self, x: Fact, skip: Fact, vectors: Sequence[tuple[int, Fact | None, str]]) -> list[Fact]:
        """Facts of the four outputs; vectors must have one element for each feature."""
        shape = x.shape if x.shape is not None else None
        if shape is None:
            return [x.of(None)] * 4
        if not shape:
            message = f"{self.node.op_type} cannot normalise the scalar '{self.node.inputs[0]}'"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[0]}")
        if skip.shape:
            message = f"{self.node.op_type} adds {{a}} features to {{b}}"
            agree(skip.shape[-1], shape[-1], message, subject=f"input {self.node.inputs[1]}")
        for slot, fact, what in vectors:
            vector(fact, shape[-1], self.node, slot, what)
        row = Fact("float32", (*shape[:-1], 1))
        return [x.of(shape), row, row, x.of(shape)]


@operator("SkipLayerNormalization", domain=MICROSOFT)
class SkipLayerNormalization(Skipping):
    """LayerNormalization(x + skip + bias) * gamma + beta."""

    def outputs(
        self, x: Fact, skip: Fact, gamma: Fact, beta: Fact | None = None, bias: Fact | None = None
    ) -> list[Fact]:
        return self.summed(x, skip, ((2, gamma, "gamma"), (3, beta, "beta"), (4, bias, "bias")))

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """N sums with the skip, n with the bias, and a LayerNormalization."""
        y = outs[0]
        if not y.shape:
            return None
        n = product(y.shape)
        beta, bias = (len(ins) > i and ins[i] is not None for i in (3, 4))
        return standardised(n, product(y.shape[:-1]), bias=beta) + Cost(adds=2 * n if bias else n)


@operator("SkipSimplifiedLayerNormalization", domain=MICROSOFT)
class SkipSimplifiedLayerNormalization(Skipping):
    """RMSNormalization(x + skip + bias) * gamma."""

    def outputs(self, x: Fact, skip: Fact, gamma: Fact, bias: Fact | None = None) -> list[Fact]:
        return self.summed(x, skip, ((2, gamma, "gamma"), (3, bias, "bias")))

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """N sums with the skip, n with the bias; 3n products, n sums, 3 others for each row."""
        y = outs[0]
        if not y.shape:
            return None
        n, bias = product(y.shape), len(ins) > 3 and ins[3] is not None
        return Cost(mults=3 * n, adds=3 * n if bias else 2 * n, other=3 * product(y.shape[:-1]))


class Embedding(Operator):
    """The sum of word, position and segment embeddings, normalised over the features."""

    def embedded(self, ids: Fact, words: Fact, tables: Sequence[Fact | None]) -> tuple[Shape | None, Dim]:
        """Shape of the output, and the batch."""
        width: Dim = words.shape[-1] if words.shape else fresh()
        for table in tables:
            if table is not None and table.shape:
                width = agree(width, table.shape[-1], f"{self.node.op_type} adds {{a}} features to {{b}}")
        if ids.shape is None:
            return None, fresh()
        return (*ids.shape, width), ids.shape[0] if ids.shape else fresh()


@operator("EmbedLayerNormalization", domain=MICROSOFT)
class EmbedLayerNormalization(Embedding):
    """LayerNormalization of word + position + segment embeddings; index of the mask; the sum."""

    mask_index_type = attribute.integer(1)

    def outputs(
        self,
        input_ids: Fact,
        segment_ids: Fact | None,
        word_embedding: Fact,
        position_embedding: Fact,
        segment_embedding: Fact | None,
        gamma: Fact,
        beta: Fact,
        mask: Fact | None = None,
        position_ids: Fact | None = None,
    ) -> list[Fact]:
        tables = (position_embedding, segment_embedding, gamma, beta)
        shape, batch = self.embedded(input_ids, word_embedding, tables)
        index: Dim = 0 if self.mask_index_type == 0 and mask is None else batch
        dtype = word_embedding.dtype
        return [Fact(dtype, shape), Fact("int32", (index,)), Fact(dtype, shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """N sums with the positions, n with the segments, and a LayerNormalization."""
        y = outs[0]
        if not y.shape:
            return None
        n, segments = product(y.shape), ins[4] is not None
        return standardised(n, product(y.shape[:-1])) + Cost(adds=2 * n if segments else n)


@operator("QEmbedLayerNormalization", domain=MICROSOFT)
class QEmbedLayerNormalization(Embedding):
    """EmbedLayerNormalization with tables of 8-bit integers."""

    def outputs(
        self,
        input_ids: Fact,
        segment_ids: Fact | None,
        word_embedding: Fact,
        position_embedding: Fact,
        segment_embedding: Fact | None,
        gamma: Fact,
        beta: Fact,
        *rest: Fact | None,
    ) -> list[Fact]:
        tables = (position_embedding, segment_embedding, gamma, beta)
        shape, batch = self.embedded(input_ids, word_embedding, tables)
        return [Fact("float32", shape), Fact("int32", (batch,))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """As EmbedLayerNormalization, and a product and a subtraction for each element looked up."""
        y = outs[0]
        if not y.shape:
            return None
        n, tables = product(y.shape), 3 if ins[4] is not None else 2
        return standardised(n, product(y.shape[:-1])) + Cost(mults=tables * n, adds=(2 * tables - 1) * n)


@operator("GroupNorm", domain=MICROSOFT)
@operator("SkipGroupNorm", domain=MICROSOFT)
class GroupNorm(Operator):
    """GroupNormalization of ``[N, H, W, C]`` (or channels first), of x + skip + bias, then SiLU if asked."""

    activation = attribute.integer(0)
    channels_last = attribute.integer(1)
    groups = attribute.integer(1)

    def outputs(
        self, x: Fact, gamma: Fact, beta: Fact, skip: Fact | None = None, bias: Fact | None = None
    ) -> list[Fact]:
        if x.shape is not None and len(x.shape) > 1:
            channels = x.shape[-1 if self.channels_last else 1]
            if self.groups < 1 or (isinstance(channels, int) and channels % self.groups):
                message = f"{self.groups} groups do not divide the {channels} channels"
                raise ShapeError("group-not-dividing", message, subject="attribute groups")
            vector(gamma, channels, self.node, 1, "gamma")
            vector(beta, channels, self.node, 2, "beta")
        return [x.of(x.shape), x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """3n products, 4n - rows additions, 4 others a row; SiLU: a product and a logistic function."""
        x = outs[0]
        if not x.shape:
            return None
        n = product(x.shape)
        added = sum(len(ins) > i and ins[i] is not None for i in (3, 4))
        silu = Cost(mults=n, other=n) if self.activation else Cost()
        return standardised(n, x.shape[0] * self.groups) + Cost(adds=added * n) + silu


class Gelu(Activation):
    """x * (1 + erf(x / sqrt 2)) / 2 in some form."""

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [gated(ranges[0], 0.171) if len(ins) == 1 else ANY]


@operator("Gelu", domain=MICROSOFT)
class ExactGelu(Gelu):
    """x * (1 + erf(x / sqrt 2)) / 2."""

    each = Cost(mults=2, adds=1, other=2)


@operator("QuickGelu", domain=MICROSOFT)
class QuickGelu(Activation):
    """x * sigmoid(alpha * x)."""

    alpha = attribute.number(1.702)
    each = Cost(mults=2, other=1)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [gated(ranges[0], 0.279 / self.alpha) if self.alpha > 0 else ANY]


class Biased(Operator):
    """An activation of the sum of a tensor and a vector."""

    def checked(self, x: Fact, bias: Fact | None) -> Fact:
        """X, whose last axis has the length of the bias."""
        if x.shape:
            vector(bias, x.shape[-1], self.node, 1, "bias")
        return x.of(x.shape)


@operator("FastGelu", domain=MICROSOFT)
class FastGelu(Biased):
    """x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))) of x + bias."""

    def outputs(self, x: Fact, bias: Fact | None = None) -> list[Fact]:
        return [self.checked(x, bias)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """6 products, 2 sums and a tanh for each element; a bias adds one."""
        n = outs[0].numel
        bias = len(ins) > 1 and ins[1] is not None
        return None if n is None else Cost(mults=6 * n, adds=(2 + bias) * n, other=n)


@operator("BiasGelu", domain=MICROSOFT)
class BiasGelu(Biased):
    """Gelu(x + bias)."""

    def outputs(self, x: Fact, bias: Fact) -> list[Fact]:
        return [self.checked(x, bias)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """2 products, 2 sums, a division and erf for each element."""
        n = outs[0].numel
        return None if n is None else Cost(mults=2 * n, adds=2 * n, other=2 * n)


@operator("BiasSplitGelu", domain=MICROSOFT)
class BiasSplitGelu(Biased):
    """x + bias split in two halves a and b: a * Gelu(b)."""

    def outputs(self, x: Fact, bias: Fact) -> list[Fact]:
        found = self.checked(x, bias)
        if not found.shape:
            return [found]
        last = found.shape[-1]
        if isinstance(last, int) and last % 2:
            message = f"BiasSplitGelu cannot halve {last} features"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[0]}")
        return [x.of((*found.shape[:-1], last // 2))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """3 products, 3 sums, a division and erf for each output element."""
        n = outs[0].numel
        return None if n is None else Cost(mults=3 * n, adds=3 * n, other=2 * n)


@operator("BiasAdd", domain=MICROSOFT)
class BiasAdd(Operator):
    """x + bias + skip."""

    def outputs(self, x: Fact, bias: Fact, skip: Fact) -> list[Fact]:
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Two sums for each element."""
        n = outs[0].numel
        return None if n is None else Cost(adds=2 * n)


@operator("BiasSoftmax", domain=MICROSOFT)
class BiasSoftmax(Operator):
    """Softmax(x + bias) over the axes from ``axis`` on."""

    axis = attribute.integer(1)

    def outputs(self, x: Fact, bias: Fact) -> list[Fact]:
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A sum with the bias, an exponential and a division for each element, k - 1 sums a group."""
        x = outs[0]
        if not x.shape:
            return None
        n, groups = product(x.shape), product(x.shape[: self.axis % len(x.shape)])
        return Cost(adds=2 * n - groups, other=2 * n)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0, 1.0)]


@operator("BiasDropout", domain=MICROSOFT)
class BiasDropout(Operator):
    """Dropout(x + bias) + residual, and the mask."""

    deterministic = False

    def outputs(
        self,
        x: Fact,
        bias: Fact,
        residual: Fact | None = None,
        ratio: Fact | None = None,
        training_mode: Fact | None = None,
    ) -> list[Fact]:
        return [x.of(x.shape), Fact("bool", x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One or two sums for each element, at inference."""
        n = outs[0].numel
        residual = len(ins) > 2 and ins[2] is not None
        return None if n is None else Cost(adds=(1 + residual) * n)


@operator("RelativePositionBias", domain=MICROSOFT)
class RelativePositionBias(Operator):
    """A bias for each head, query and key, looked up by the bucket of their distance: ``[1, H, S, T]``."""

    def outputs(self, table: Fact, queries: Fact, keys: Fact) -> list[Fact]:
        heads = table.shape[1] if table.shape and len(table.shape) == 2 else fresh()
        sizes = [(f.ints() or unknown_dims(1))[0] for f in (queries, keys)]
        return [table.of((1, heads, *sizes))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """A subtraction and a logarithm for each pair of query and key."""
        shape = outs[0].shape
        return None if shape is None else Cost(adds=shape[2] * shape[3], other=shape[2] * shape[3])
