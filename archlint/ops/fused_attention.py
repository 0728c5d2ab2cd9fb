"""onnxruntime's attention operators that are given queries, keys and values.

Sizes: B sequences, S queries, T keys with the past, H heads of D features (values of D_v).
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.ops import attribute
from archlint.ops.agreement import agree
from archlint.ops.attention import attended, head_count, per_head
from archlint.ops.cost import Cost
from archlint.ops.operator import Operator, operator
from archlint.ops.quantization import MICROSOFT
from archlint.symbolic import Dim, fresh, is_known, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Fact, Shape


@operator("PackedMultiHeadAttention", domain=MICROSOFT)
class PackedMultiHeadAttention(Operator):
    """Attention over sequences laid end to end: ``[tokens, hidden]``, or packed ``[tokens, H, 3, D]``."""

    def outputs(
        self,
        query: Fact,
        key: Fact | None,
        value: Fact | None,
        bias: Fact | None,
        token_offset: Fact,
        cumulative_sequence_length: Fact,
        attention_bias: Fact | None = None,
    ) -> list[Fact]:
        if not query.shape:
            return [query.of(None)]
        if len(query.shape) == 4:
            return [query.of((query.shape[0], query.shape[1] * query.shape[3]))]
        width = value.shape[-1] if value is not None and value.shape else fresh()
        return [query.of((query.shape[0], width))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """None: how many tokens attend to each other depends on the lengths of the sequences."""
        return None


class Attending(Operator):
    """Attention of given queries, keys and values ``[B, S, H*D]``, or of packed or cached ones."""

    num_heads = attribute.optional_integer()
    past_present_share_buffer = attribute.integer(0)
    scale = attribute.optional_number()
    unidirectional = attribute.integer(0)

    def parts(
        self, query: Fact, key: Fact | None, value: Fact | None, past: Fact | None
    ) -> tuple[Dim, Dim, Dim, Dim, Dim, Dim]:
        """Batch, queries, keys, keys with the past, D and D_v."""
        node, heads = self.node, head_count(self.num_heads, self.node, "num_heads")
        q = query.shape
        if q is None:
            return (fresh(),) * 6
        if len(q) == 5:
            if isinstance(q[2], int) and q[2] != heads:
                agree(q[2], heads, f"{node.op_type} gets {{a}} packed heads, num_heads says {{b}}")
            batch, length, size, values, keys = q[0], q[1], q[4], q[4], q[1]
        elif len(q) == 3:
            batch, length = q[0], q[1]
            size = per_head(q[2], heads, node, "the query")
            keys, values = self._keys(key, value, heads, length, size)
        else:
            message = f"{node.op_type} needs a query of 3 or 5 axes, '{node.inputs[0]}' has {len(q)}"
            raise ShapeError("shape-mismatch", message, subject=f"input {node.inputs[0]}")
        total = keys
        if past is not None:
            known = past.shape is not None and len(past.shape) == 4
            total = past.shape[2] + keys if known and past.shape is not None else fresh()
        return batch, length, keys, total, size, values

    def _keys(
        self, key: Fact | None, value: Fact | None, heads: int, length: Dim, size: Dim
    ) -> tuple[Dim, Dim]:
        node = self.node
        if key is None:
            return length, size
        if key.shape is None or len(key.shape) < 3:
            return fresh(), fresh() if value is None or not value.shape else self._width(value.shape, heads)
        k = key.shape
        if len(k) == 5:
            return k[1], k[4]
        if len(k) == 4:
            return k[2], value.shape[3] if value is not None and value.shape and len(
                value.shape
            ) == 4 else size
        own = per_head(k[-1], heads, node, "the key")
        agree(own, size, f"{node.op_type}'s keys have heads of {{a}}, its queries of {{b}}")
        values: Dim = fresh() if value is None or value.shape is None else self._width(value.shape, heads)
        if value is not None and value.shape is not None and len(value.shape) == 3:
            agree(value.shape[1], k[1], f"{node.op_type} has {{a}} values and {{b}} keys")
        return k[1], values

    def _width(self, shape: Shape, heads: int) -> Dim:
        if not shape:
            return fresh()
        return shape[3] if len(shape) == 4 else per_head(shape[-1], heads, self.node, "the value")

    def attention_cost(
        self,
        query: Fact | None,
        key: Fact | None,
        value: Fact | None,
        past: Fact | None,
        bias: Fact | None,
        *,
        mask: bool,
    ) -> Cost | None:
        """Scores, softmax, values; the bias adds one to each projected element."""
        if query is None or query.shape is None:
            return None
        batch, length, keys, total, size, values = self.parts(query, key, value, past)
        heads = head_count(self.num_heads, self.node, "num_heads")
        masked = mask or bool(self.unidirectional)
        cost = attended(batch, heads, length, total, size, values, scale=self.scale != 1, mask=masked)
        if bias is not None:
            cost = cost + Cost(adds=batch * heads * (length * size + keys * (size + values)))
        return cost


@operator("MultiHeadAttention", domain=MICROSOFT)
class MultiHeadAttention(Attending):
    """softmax(Q K^T * scale + mask) V for H heads of projected queries, keys and values."""

    def outputs(
        self,
        query: Fact,
        key: Fact | None = None,
        value: Fact | None = None,
        bias: Fact | None = None,
        key_padding_mask: Fact | None = None,
        attention_bias: Fact | None = None,
        past_key: Fact | None = None,
        past_value: Fact | None = None,
        past_sequence_length: Fact | None = None,
        cache_indirection: Fact | None = None,
    ) -> list[Fact]:
        batch, length, _, total, size, values = self.parts(query, key, value, past_key)
        heads = head_count(self.num_heads, self.node, "num_heads")
        if past_sequence_length is not None and past_key is not None and past_key.shape is not None:
            total = past_key.shape[2]
        return [
            query.of((batch, length, heads * values)),
            query.of((batch, heads, total, size)),
            query.of((batch, heads, total, values)),
            query.of((batch, heads, length, total)),
        ]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """B*H*S*T*(D + D_v) macs; scale, mask, softmax; a bias adds one to each Q, K and V element."""
        q, k, v, bias, padding, added, past = (ins[i] if len(ins) > i else None for i in range(7))
        return self.attention_cost(q, k, v, past, bias, mask=padding is not None or added is not None)


@operator("DecoderMaskedMultiHeadAttention", domain=MICROSOFT)
class DecoderMaskedMultiHeadAttention(Attending):
    """Multi-head attention of one new token on the keys and values of those before it."""

    def outputs(
        self,
        query: Fact,
        key: Fact | None = None,
        value: Fact | None = None,
        mask_index: Fact | None = None,
        attention_bias: Fact | None = None,
        past_key: Fact | None = None,
        past_value: Fact | None = None,
        past_sequence_length: Fact | None = None,
        beam_width: Fact | None = None,
        cache_indirection: Fact | None = None,
        bias: Fact | None = None,
    ) -> list[Fact]:
        batch, length, _, total, size, values = self.parts(query, key, value, past_key)
        heads = head_count(self.num_heads, self.node, "num_heads")
        if past_key is not None and past_key.shape is not None and self.past_present_share_buffer:
            total = past_key.shape[2]
        return [
            query.of((batch, length, heads * values)),
            query.of((batch, heads, total, size)),
            query.of((batch, heads, total, values)),
        ]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """B*H*S*T*(D + D_v) macs; scale, mask, softmax; a shared cache is counted at its full length."""
        q, k, v, mask, added, past = (ins[i] if len(ins) > i else None for i in range(6))
        bias = ins[10] if len(ins) > 10 else None
        return self.attention_cost(q, k, v, past, bias, mask=mask is not None or added is not None)


@operator("GroupQueryAttention", domain=MICROSOFT)
class GroupQueryAttention(Operator):
    """Attention whose H query heads share ``kv_num_heads`` key and value heads, with a cache.

    Without key and value the query holds all three, ``[B, S, (H + 2*H_kv)*D]``.
    """

    do_rotary = attribute.integer(0)
    kv_num_heads = attribute.optional_integer()
    num_heads = attribute.optional_integer()
    scale = attribute.number(0.0)

    def outputs(
        self,
        query: Fact,
        key: Fact | None,
        value: Fact | None,
        past_key: Fact | None,
        past_value: Fact | None,
        seqlens_k: Fact,
        total_sequence_length: Fact,
        *rest: Fact | None,
    ) -> list[Fact]:
        batch, length, total, cache, heads, kv_heads, size = self._sizes(
            (query, key, value, past_key, past_value, seqlens_k, total_sequence_length)
        )
        y = None if query.shape is None else (batch, length, heads * size)
        present = query.of((batch, kv_heads, cache, size))
        return [query.of(y), present, present, query.of((batch, heads, length, total))]

    def _sizes(self, ins: Sequence[Fact | None]) -> tuple[Dim, Dim, Dim, Dim, int, int, Dim]:
        """B, S, T, length of the cache, H, H_kv and D."""
        node = self.node
        heads = head_count(self.num_heads, node, "num_heads")
        kv_heads = head_count(self.kv_num_heads, node, "kv_num_heads")
        if heads % kv_heads:
            message = f"{node.op_type}'s {heads} query heads are no multiple of its {kv_heads} key heads"
            raise ShapeError("head-dim-divisibility", message, subject="attribute kv_num_heads")
        query, key, past = ins[0], ins[1], ins[3]
        q = query.shape if query is not None else None
        batch, length, width = q if q is not None and len(q) == 3 else (fresh(), fresh(), fresh())
        size = per_head(width, heads if key is not None else heads + 2 * kv_heads, node, "the query")
        if key is not None and key.shape and len(key.shape) == 3:
            own = per_head(key.shape[2], kv_heads, node, "the key", "kv_num_heads")
            size = agree(size, own, f"{node.op_type}'s queries have heads of {{a}}, its keys of {{b}}")
        known = ins[6].ints() if ins[6] is not None else None
        total: Dim = known[0] if known is not None and len(known) == 1 else fresh()
        if past is None:
            total = total if is_known(total) else length
            return batch, length, total, total, heads, kv_heads, size
        before: Dim = past.shape[2] if past.shape is not None and len(past.shape) == 4 else fresh()
        cache: Dim = fresh()
        if isinstance(before, int) and isinstance(total, int):
            cache = max(before, total)
        elif is_known(total) and before + length == total:
            cache = total
        return batch, length, total, cache, heads, kv_heads, size

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """2*B*H*S*T*D macs, the scale, the causal mask and the softmax; rotation of Q and K if asked."""
        if ins[0] is None or ins[0].shape is None:
            return None
        batch, length, total, _, heads, kv_heads, size = self._sizes(ins)
        cost = attended(batch, heads, length, total, size, size, scale=self.scale != 1, mask=True)
        if self.do_rotary:
            turned = batch * length * (heads + kv_heads) * size
            cost = cost + Cost(mults=2 * turned, adds=turned)
        return cost


@operator("RotaryEmbedding", domain=MICROSOFT)
class RotaryEmbedding(Operator):
    """Pairs of features turned by an angle that grows with the position."""

    num_heads = attribute.integer(0)
    rotary_embedding_dim = attribute.integer(0)

    def outputs(self, x: Fact, position_ids: Fact, cos: Fact, sin: Fact) -> list[Fact]:
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Two products and one sum for each turned feature."""
        x = outs[0]
        if x.shape is None or len(x.shape) not in (3, 4):
            return None
        turned = product(x.shape)
        if self.rotary_embedding_dim:
            heads = x.shape[1] if len(x.shape) == 4 else self.num_heads
            length = x.shape[2] if len(x.shape) == 4 else x.shape[1]
            turned = x.shape[0] * length * heads * self.rotary_embedding_dim
        return Cost(mults=2 * turned, adds=turned)
