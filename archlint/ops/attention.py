"""Attention: softmax(Q K^T * scale + mask) V, and its relatives in ai.onnx."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import ShapeError
from archlint.model import Fact
from archlint.ops import affine, attribute
from archlint.ops.agreement import agree
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import Operator, operator
from archlint.symbolic import Dim, divide_exact, fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Node, Shape


def per_head(size: Dim, heads: Dim, node: Node, what: str, attribute_name: str = "num_heads") -> Dim:
    """``size / heads``; raises `ShapeError` when the heads do not divide it."""
    if isinstance(size, int) and isinstance(heads, int) and heads > 0 and size % heads:
        message = f"{node.op_type}'s {heads} heads do not divide the {size} features of {what}"
        raise ShapeError("head-dim-divisibility", message, subject=f"attribute {attribute_name}")
    found = divide_exact(size, heads) if heads != 0 else None
    return fresh() if found is None else found


def head_count(value: int | None, node: Node, attribute_name: str) -> int:
    """A number of heads; raises `ShapeError` unless it is given and positive."""
    if value is None or value < 1:
        message = f"{node.op_type}'s {attribute_name} is {value}, it must be at least 1"
        raise ShapeError("attribute-invalid", message, subject=f"attribute {attribute_name}")
    return value


def attended(
    batch: Dim, heads: Dim, queries: Dim, keys: Dim, size: Dim, value_size: Dim, *, scale: bool, mask: bool
) -> Cost:
    """Work of ``softmax(Q K^T * scale + mask) V`` for all heads; a causal mask saves nothing.

    Scores: B*H*S*T*D macs; one product each for the scale, one addition for the mask; softmax: an
    exponential and a division each, T - 1 additions a row; values: B*H*S*T*D_v macs.
    """
    rows = batch * heads * queries
    scores = rows * keys
    cost = Cost.linear(scores, size) + Cost.linear(rows * value_size, keys)
    return cost + Cost(
        mults=scores if scale else 0, adds=scores - rows + (scores if mask else 0), other=2 * scores
    )


@operator("Attention", since=23)
class Attention(Operator):
    """softmax(Q K^T * scale + mask) V, with grouped heads and a cache of past keys and values.

    Q, K, V are ``[B, heads, S, D]``, or ``[B, S, heads*D]`` with ``q_num_heads`` and ``kv_num_heads``.

    https://onnx.ai/onnx/operators/onnx__Attention.html
    """

    is_causal = attribute.integer(0)
    kv_num_heads = attribute.optional_integer()
    q_num_heads = attribute.optional_integer()
    scale = attribute.optional_number()
    softcap = attribute.number(0.0)

    def outputs(
        self,
        q: Fact,
        k: Fact,
        v: Fact,
        mask: Fact | None = None,
        past_key: Fact | None = None,
        past_value: Fact | None = None,
        nonpad_kv_seqlen: Fact | None = None,
    ) -> list[Fact]:
        sizes = self._sizes((q, k, v, mask, past_key, past_value))
        batch, q_heads, kv_heads, queries, keys, size, value_size = sizes
        y: Shape | None = (batch, q_heads, queries, value_size)
        if q.shape is None or len(q.shape) == 3:
            y = None if q.shape is None else (batch, queries, q_heads * value_size)
        return [
            q.of(y),
            k.of((batch, kv_heads, keys, size)),
            v.of((batch, kv_heads, keys, value_size)),
            q.of((batch, q_heads, queries, keys)),
        ]

    def _sizes(self, ins: Sequence[Fact | None]) -> tuple[Dim, Dim, Dim, Dim, Dim, Dim, Dim]:
        """Batch, query heads, key heads, queries, keys with the past, head size, value head size."""
        node = self.node
        q, k, v = (
            self._heads(f, i, heads, name)
            for i, (f, heads, name) in enumerate(
                (
                    (ins[0], self.q_num_heads, "q_num_heads"),
                    (ins[1], self.kv_num_heads, "kv_num_heads"),
                    (ins[2], self.kv_num_heads, "kv_num_heads"),
                )
            )
        )
        size = agree(q[3], k[3], "Attention's queries have heads of {a}, its keys of {b}")
        kv_heads = agree(k[1], v[1], "Attention has {a} heads of keys and {b} of values")
        agree(k[2], v[2], "Attention has {a} keys and {b} values")
        batch = agree(q[0], agree(k[0], v[0], "keys have batch {a}, values {b}"), "Q has batch {a}, K {b}")
        if isinstance(q[1], int) and isinstance(kv_heads, int) and kv_heads and q[1] % kv_heads:
            message = f"{node.op_type}'s {q[1]} query heads are no multiple of its {kv_heads} key heads"
            raise ShapeError("head-dim-divisibility", message, subject=f"input {node.inputs[1]}")
        past = ins[4] if len(ins) > 4 else None
        keys = k[2]
        if past is not None:
            keys = fresh() if past.shape is None or len(past.shape) != 4 else past.shape[2] + keys
        return batch, q[1], kv_heads, q[2], keys, size, v[3]

    def _heads(self, fact: Fact | None, slot: int, heads: int | None, name: str) -> Shape:
        """Dims of an input as ``[batch, heads, length, size]``."""
        if fact is None or fact.shape is None:
            return fresh(), heads or fresh(), fresh(), fresh()
        if len(fact.shape) == 4:
            return fact.shape
        if len(fact.shape) != 3:
            message = (
                f"{self.node.op_type} needs 3 or 4 axes, '{self.node.inputs[slot]}' has {len(fact.shape)}"
            )
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[slot]}")
        count = head_count(heads, self.node, name)
        size = per_head(fact.shape[2], count, self.node, f"'{self.node.inputs[slot]}'", name)
        return fact.shape[0], count, fact.shape[1], size

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """B*H*S*T*(D + D_v) macs for H query heads, the scale, the mask and the softmax.

        A soft cap is a division, a tanh and a product for each score. A causal mask saves nothing.
        """
        if any(f is None or f.shape is None for f in ins[:3]):
            return None
        batch, heads, _, queries, keys, size, value_size = self._sizes(ins)
        mask = (len(ins) > 3 and ins[3] is not None) or bool(self.is_causal)
        cost = attended(batch, heads, queries, keys, size, value_size, scale=self.scale != 1, mask=mask)
        if self.softcap:
            scores = batch * heads * queries * keys
            cost = cost + Cost(mults=scores, other=2 * scores)
        return cost

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        """Y mixes the values in shares that sum to one (to none where everything is masked)."""
        values = [ranges[2]]
        if len(ins) > 5 and ins[5] is not None:
            values.append(ranges[5])
        low = min(0.0, *(r.least() for r in values))
        high = max(0.0, *(r.greatest() for r in values))
        keys = self._sizes(ins)[4]
        if not isinstance(keys, int):
            return [ANY] * len(outs)
        mixed = affine.averaged(Interval(low, high, ranges[2].source), keys)
        return [*affine.finished([mixed], ranges, outs), *[ANY] * (len(outs) - 1)]


@operator("FlexAttention", domain="ai.onnx.preview")
class FlexAttention(Operator):
    """Attention whose scores and probabilities pass through graphs of their own.

    https://onnx.ai/onnx/operators/onnx_aionnxpreview_FlexAttention.html
    """

    prob_mod = attribute.body()
    scale = attribute.optional_number()
    score_mod = attribute.body()

    def outputs(self, q: Fact, k: Fact, v: Fact) -> list[Fact]:
        sizes = self._sizes((q, k, v))
        if sizes is None:
            return [q.of(None)]
        batch, heads, queries, keys, _, value_size = sizes
        scores = Fact("float64" if q.dtype == "float64" else "float32", (batch, heads, queries, keys))
        for body in (self.score_mod, self.prob_mod):
            if body is not None and self.walker is not None:
                self.walker.run_body(body, [scores])
        return [q.of((batch, heads, queries, value_size))]

    def _sizes(self, ins: Sequence[Fact | None]) -> tuple[Dim, Dim, Dim, Dim, Dim, Dim] | None:
        shapes = []
        for slot, fact in enumerate(ins[:3]):
            if fact is None or fact.shape is None:
                return None
            if len(fact.shape) != 4:
                message = f"FlexAttention needs 4 axes, '{self.node.inputs[slot]}' has {len(fact.shape)}"
                raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[slot]}")
            shapes.append(fact.shape)
        q, k, v = shapes
        if isinstance(q[1], int) and isinstance(k[1], int) and k[1] and q[1] % k[1]:
            message = f"FlexAttention's {q[1]} query heads are no multiple of its {k[1]} key heads"
            raise ShapeError("head-dim-divisibility", message, subject=f"input {self.node.inputs[1]}")
        size = agree(q[3], k[3], "FlexAttention's queries have heads of {a}, its keys of {b}")
        keys = agree(k[2], v[2], "FlexAttention has {a} keys and {b} values")
        return agree(q[0], k[0], "Q has batch {a}, K {b}"), q[1], q[2], keys, size, v[3]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """B*H*S*T*(D + D_v) macs, the scale, the softmax, and the work of both graphs."""
        sizes = self._sizes(ins)
        if sizes is None:
            return None
        batch, heads, queries, keys, size, value_size = sizes
        cost = attended(batch, heads, queries, keys, size, value_size, scale=self.scale != 1, mask=False)
        for body in self.body_costs.values():
            cost = cost + body
        return cost


@operator("LinearAttention", domain="com.microsoft")
@operator("LinearAttention", since=27)
class LinearAttention(Operator):
    """A state S of d_k x d_v for each head, updated by k v^T at every step and read by q.

    ``linear``: S += k v^T; ``gated`` first decays S by exp(g); ``delta`` writes beta*(v - S^T k)
    instead of v; ``gated_delta`` does both. Output: scale * q^T S.

    https://onnx.ai/onnx/operators/onnx__LinearAttention.html
    """

    kv_num_heads = attribute.optional_integer()
    q_num_heads = attribute.optional_integer()
    scale = attribute.number(0.0)
    update_rule = attribute.text("gated_delta")

    def outputs(
        self,
        q: Fact,
        k: Fact,
        v: Fact,
        past_state: Fact | None = None,
        decay: Fact | None = None,
        beta: Fact | None = None,
    ) -> list[Fact]:
        batch, steps, q_heads, kv_heads, size, value_size = self._sizes((q, k, v))
        return [q.of((batch, steps, q_heads * value_size)), q.of((batch, kv_heads, size, value_size))]

    def _sizes(self, ins: Sequence[Fact | None]) -> tuple[Dim, Dim, int, int, Dim, Dim]:
        node = self.node
        q_heads = head_count(self.q_num_heads, node, "q_num_heads")
        kv_heads = head_count(self.kv_num_heads, node, "kv_num_heads")
        if q_heads % kv_heads:
            message = f"{node.op_type}'s {q_heads} query heads are no multiple of its {kv_heads} key heads"
            raise ShapeError("head-dim-divisibility", message, subject="attribute kv_num_heads")
        rows = [
            f.shape if f is not None and f.shape and len(f.shape) == 3 else (fresh(),) * 3 for f in ins[:3]
        ]
        q, k, v = rows
        size = agree(
            per_head(q[2], q_heads, node, "the query", "q_num_heads"),
            per_head(k[2], kv_heads, node, "the key", "kv_num_heads"),
            f"{node.op_type}'s queries have heads of {{a}}, its keys of {{b}}",
        )
        value_size = per_head(v[2], kv_heads, node, "the value", "kv_num_heads")
        return q[0], q[1], q_heads, kv_heads, size, value_size

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """For each step d_k*d_v macs per key head to write and per query head to read, d_v scalings.

        A decay multiplies the state (d_k*d_v products, one exponential for each gate); the delta rules
        read the state once more (d_k*d_v macs), subtract and multiply by beta (d_v each).
        """
        if any(f is None or f.shape is None for f in ins[:3]):
            return None
        batch, steps, q_heads, kv_heads, size, value_size = self._sizes(ins)
        runs, state = batch * steps, size * value_size
        macs = runs * state * (kv_heads + q_heads)
        cost = Cost(macs, macs + runs * q_heads * value_size, macs - runs * q_heads * value_size)
        if "gated" in self.update_rule:
            decay = ins[4].numel if len(ins) > 4 and ins[4] is not None else None
            cost = cost + Cost(mults=runs * kv_heads * state, other=fresh() if decay is None else decay)
        if "delta" in self.update_rule:
            reads = runs * kv_heads * state
            cost = cost + Cost(reads, reads + runs * kv_heads * value_size, reads)
        return cost


@operator("RotaryEmbedding", since=23)
class RotaryEmbedding(Operator):
    """Pairs of features turned by an angle that grows with the position.

    https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html
    """

    num_heads = attribute.integer(0)
    rotary_embedding_dim = attribute.integer(0)

    def outputs(self, x: Fact, cos: Fact, sin: Fact, position_ids: Fact | None = None) -> list[Fact]:
        if x.shape is not None and len(x.shape) not in (3, 4):
            message = f"{self.node.op_type} needs 3 or 4 axes, '{self.node.inputs[0]}' has {len(x.shape)}"
            raise ShapeError("shape-mismatch", message, subject=f"input {self.node.inputs[0]}")
        if x.shape is not None and len(x.shape) == 3 and self.num_heads:
            per_head(x.shape[2], self.num_heads, self.node, f"'{self.node.inputs[0]}'")
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Two products and one sum for each turned feature."""
        x = outs[0]
        if x.shape is None:
            return None
        turned = product(x.shape)
        if self.rotary_embedding_dim:
            if len(x.shape) == 4:
                turned = product(x.shape[:3]) * self.rotary_embedding_dim
            elif self.num_heads:
                turned = product(x.shape[:2]) * self.num_heads * self.rotary_embedding_dim
            else:
                return None
        return Cost(mults=2 * turned, adds=turned)
