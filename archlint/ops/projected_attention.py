"""onnxruntime's attention operators that project one input to queries, keys and values themselves.

Sizes: B sequences, S queries, T keys with the past, H heads of D features (values of D_v).
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.model import Fact
from archlint.ops import attribute
from archlint.ops.agreement import agree, vector
from archlint.ops.attention import attended, head_count, per_head
from archlint.ops.cost import Cost
from archlint.ops.operator import Operator, operator
from archlint.ops.quantization import MICROSOFT
from archlint.symbolic import Dim, fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence


class Projecting(Operator):
    """Attention that makes queries, keys and values of one input by one weight ``[I, H*(2D + D_v)]``."""

    num_heads = attribute.optional_integer()
    past_present_share_buffer = attribute.integer(0)
    qkv_hidden_sizes = attribute.integers()
    scale = attribute.optional_number()
    unidirectional = attribute.integer(0)

    def projected(self, x: Fact, weights: Fact, bias: Fact | None, bias_slot: int) -> tuple[Dim, Dim]:
        """Features of the queries and of the values."""
        node, heads = self.node, head_count(self.num_heads, self.node, "num_heads")
        if x.shape and weights.shape and len(weights.shape) == 2:
            message = f"{node.op_type} projects rows of {{a}} with a weight for {{b}}"
            agree(x.shape[-1], weights.shape[0], message, subject=f"input {node.inputs[1]}")
        columns: Dim = weights.shape[-1] if weights.shape else fresh()
        if bias is not None:
            columns = vector(bias, columns, node, bias_slot, "bias")
        sizes = self.qkv_hidden_sizes
        if sizes:
            if len(sizes) != 3:
                message = f"qkv_hidden_sizes has {len(sizes)} entries, it needs 3"
                raise ShapeError("attribute-invalid", message, subject="attribute qkv_hidden_sizes")
            agree(
                columns, sum(sizes), f"{node.op_type} projects to {{a}} features, qkv_hidden_sizes to {{b}}"
            )
            per_head(sizes[0], heads, node, "the queries")
            per_head(sizes[2], heads, node, "the values")
            return sizes[0], sizes[2]
        hidden = per_head(columns, 3, node, "the projection", "num_heads")
        per_head(hidden, heads, node, "the queries")
        return hidden, hidden

    def self_attention(
        self, x: Fact | None, weights: Fact | None, past: Fact | None, *, bias: bool, mask: bool
    ) -> Cost | None:
        """The projection, and attention over the sequence and its past."""
        if x is None or weights is None or not x.shape or weights.shape is None or len(x.shape) != 3:
            return None
        batch, length, width = x.shape
        heads = head_count(self.num_heads, self.node, "num_heads")
        hidden, values = self.projected(x, weights, None, 2)
        keys: Dim = length
        if past is not None:
            keys = fresh() if past.shape is None or len(past.shape) != 5 else past.shape[3] + length
        projection = Cost.linear(batch * length * (2 * hidden + values), width, bias=bias)
        parts = (per_head(d, heads, self.node, "a head") for d in (hidden, values))
        return projection + attended(
            batch, heads, length, keys, *parts, scale=self.scale != 1, mask=mask or bool(self.unidirectional)
        )

    def present(self, x: Fact, hidden: Dim, past: Fact | None) -> Fact:
        """Keys and values with the past, stacked: ``[2, B, H, T, D]``."""
        batch, length = (x.shape[0], x.shape[1]) if x.shape and len(x.shape) == 3 else (fresh(), fresh())
        heads = head_count(self.num_heads, self.node, "num_heads")
        size = per_head(hidden, heads, self.node, "the queries")
        if past is not None and (past.shape is None or len(past.shape) != 5):
            length = fresh()
        elif past is not None and past.shape is not None:
            shared = bool(self.past_present_share_buffer)
            length = past.shape[3] if shared else past.shape[3] + length
        return x.of((2, batch, heads, length, size))

    def attended_output(self, x: Fact, values: Dim) -> Fact:
        """Y: the input with its features replaced."""
        return x.of(None if x.shape is None else (*x.shape[:-1], values))


@operator("Attention", domain=MICROSOFT)
class Attention(Projecting):
    """Multi-head self-attention with its input projection."""

    def outputs(
        self,
        x: Fact,
        weights: Fact,
        bias: Fact | None = None,
        mask_index: Fact | None = None,
        past: Fact | None = None,
        attention_bias: Fact | None = None,
        past_sequence_length: Fact | None = None,
    ) -> list[Fact]:
        hidden, values = self.projected(x, weights, bias, 2)
        return [self.attended_output(x, values), self.present(x, hidden, past)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """B*S*I*H*(2D + D_v) macs to project, B*H*S*T*(D + D_v) to attend; scale, mask, softmax."""
        given = [len(ins) > i and ins[i] is not None for i in range(7)]
        past = ins[4] if given[4] else None
        return self.self_attention(ins[0], ins[1], past, bias=given[2], mask=given[3] or given[5])


@operator("QAttention", domain=MICROSOFT)
class QAttention(Projecting):
    """Multi-head self-attention whose projection is of integers."""

    def outputs(
        self,
        x: Fact,
        weights: Fact,
        bias: Fact,
        input_scale: Fact,
        weight_scale: Fact,
        mask_index: Fact | None = None,
        input_zero_point: Fact | None = None,
        weight_zero_point: Fact | None = None,
        past: Fact | None = None,
    ) -> list[Fact]:
        hidden, values = self.projected(x, weights, bias, 2)
        y, present = self.attended_output(x, values), self.present(x, hidden, past)
        dtype = input_scale.dtype
        return [Fact(dtype, y.shape), Fact(dtype, present.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """As Attention, and one rescaling product for each projected element."""
        given = [len(ins) > i and ins[i] is not None for i in range(9)]
        cost = self.self_attention(ins[0], ins[1], ins[8] if given[8] else None, bias=True, mask=given[5])
        x, weights = ins[0], ins[1]
        if cost is None or x is None or weights is None or not x.shape or not weights.shape:
            return None
        return cost + Cost(mults=product(x.shape[:-1]) * weights.shape[-1])


@operator("PackedAttention", domain=MICROSOFT)
class PackedAttention(Projecting):
    """Self-attention over sequences laid end to end without padding: ``[tokens, I]``."""

    def outputs(
        self,
        x: Fact,
        weights: Fact,
        bias: Fact,
        token_offset: Fact,
        cumulative_sequence_length: Fact,
        attention_bias: Fact | None = None,
    ) -> list[Fact]:
        _, values = self.projected(x, weights, bias, 2)
        return [self.attended_output(x, values)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """None: how many tokens attend to each other depends on the lengths of the sequences."""
        return None
