"""Defects of every kind, each with the rule that has to tell it, for `test_everywhere`.

A row is: rule codes, nodes (the wrong one is called ``bad``), weights, inputs, outputs, words of the
message. It is planted in the main graph, in a branch, in a function and in the body of a loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

EVERYWHERE = ("top", "branch", "function", "loop")
DECLARING = ("top", "branch", "loop")
"""A function declares no shapes of its own."""


@dataclass(frozen=True)
class Planted:
    """A defect: what it is, who tells it, and the nodes that hold it."""

    name: str
    codes: tuple[str, ...]
    nodes: str
    weights: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]
    words: tuple[str, ...] = ()
    node: str | None = "bad"
    opset: int = 17
    where: tuple[str, ...] = EVERYWHERE
    declared: dict[str, str] = field(default_factory=dict)


DEFECTS: list[Planted] = []
rng = np.random.default_rng(7)


def normal(*shape, dtype=np.float32):
    return (rng.standard_normal(shape) * 0.1).astype(dtype)


def ints(*values):
    return np.array(values, dtype=np.int64)


def plant(name, codes, nodes, weights, inputs, outputs, words=(), **rest):
    DEFECTS.append(Planted(name, tuple(codes.split("|")), nodes, weights, inputs, outputs, words, **rest))


# fmt: off
IMAGE = {"x": "float[N,16,14,14]"}
plant("shapes: concat channels", "SHP010", "p = Conv<pads=[1,1,1,1]>(x,w1) q = Conv<pads=[1,1,1,1]>(x,w2) r = Concat<axis=1>(p,q) s = Relu(r) [bad] y = Conv(s,w3)", {"w1": normal(24, 16, 3, 3), "w2": normal(32, 16, 3, 3), "w3": normal(8, 64, 1, 1)}, IMAGE, {"y": "float[N,8,14,14]"}, ("64", "56"))
plant("shapes: pixel shuffle", "SHP010", "p = Reshape(x,s) q = Transpose<perm=[0,1,4,2,5,3]>(p) r = Reshape(q,s2) [bad] y = Conv(r,w)", {"s": ints(0, 4, 2, 2, 14, 14), "s2": ints(0, 4, 28, 28), "w": normal(8, 16, 1, 1)}, IMAGE, {"y": "float[N,8,28,28]"}, ("16", "4"))
plant("shapes: depth to space", "SHP010", "p = DepthToSpace<blocksize=2>(x) [bad] y = Conv(p,w)", {"w": normal(8, 16, 3, 3)}, IMAGE, {"y": "float[N,8,26,26]"}, ("16", "4"))
plant("shapes: matmul attention", "SHP001", "q = MatMul(x,wq) k = MatMul(x,wk) [bad] y = MatMul(q,k)", {"wq": normal(64, 32), "wk": normal(64, 32)}, {"x": "float[N,10,64]"}, {"y": "float[N,10,10]"}, ("32", "10"))
plant("shapes: skip concat odd", "SHP001", "d = Conv<strides=[2,2],pads=[1,1,1,1]>(x,w) u = ConvTranspose<strides=[2,2]>(d,w2) [bad] y = Concat<axis=1>(x,u)", {"w": normal(16, 16, 3, 3), "w2": normal(16, 16, 2, 2)}, {"x": "float[N,16,15,15]"}, {"y": "float[N,32,15,15]"}, ("15", "16"))
plant("shapes: residual", "SHP001", "d = Conv<strides=[2,2],pads=[1,1,1,1]>(x,w) e = Relu(d) [bad] y = Add(e,x)", {"w": normal(16, 16, 3, 3)}, IMAGE, {"y": "float[N,16,14,14]"}, ("7", "14"))
plant("shapes: gemm", "SHP001", "p = GlobalAveragePool(x) f = Flatten(p) [bad] y = Gemm<transB=1>(f,w,b)", {"w": normal(10, 32), "b": normal(10)}, IMAGE, {"y": "float[N,10]"}, ("16", "32"))
plant("shapes: flatten gemm", "SHP001", "p = MaxPool<kernel_shape=[2,2],strides=[2,2]>(x) f = Flatten(p) [bad] y = Gemm(f,w)", {"w": normal(16 * 6 * 6, 10)}, IMAGE, {"y": "float[N,10]"}, ("784", "576"))
plant("shapes: conv bias", "SHP001|SHP010", "[bad] y = Conv(x,w,b)", {"w": normal(8, 16, 1, 1), "b": normal(16)}, IMAGE, {"y": "float[N,8,14,14]"}, ("16", "8"))
plant("shapes: batchnorm", "SHP001", "[bad] y = BatchNormalization(x,s,b,m,v)", {"s": normal(8), "b": normal(8), "m": normal(8), "v": abs(normal(8)) + 1}, IMAGE, {"y": "float[N,16,14,14]"}, ("16", "8"))
plant("shapes: layernorm", "SHP001", "[bad] y = LayerNormalization(x,s,b)", {"s": normal(32), "b": normal(32)}, {"x": "float[N,10,64]"}, {"y": "float[N,10,64]"}, ("64", "32"))
plant("shapes: prelu", "SHP001", "[bad] y = PRelu(x,s)", {"s": normal(8, 1, 1)}, IMAGE, {"y": "float[N,16,14,14]"}, ("16", "8"))
plant("shapes: where", "SHP001", "c = Greater(x,z) [bad] y = Where(c,x,o)", {"z": np.float32(0), "o": normal(3, 10)}, {"x": "float[N,4,64]"}, {"y": "float[N,4,64]"}, ("64", "10"))
plant("shapes: einsum", "SHP001", '[bad] y = Einsum<equation="bij,jk->bik">(x,w)', {"w": normal(32, 8)}, {"x": "float[N,4,64]"}, {"y": "float[N,4,8]"}, ("64", "32"))
plant("shapes: split", "SHP001", "[bad] y, z = Split<axis=1>(x,s)", {"s": ints(10, 10)}, IMAGE, {"y": "float[N,10,14,14]", "z": "float[N,10,14,14]"}, ("20", "16"), where=("top", "function", "loop"))
plant("shapes: expand", "SHP001", "[bad] y = Expand(x,s)", {"s": ints(1, 4, 32)}, {"x": "float[N,4,64]"}, {"y": "float[N,4,64]"}, ("64", "32"))
plant("shapes: convtranspose", "SHP010", "[bad] y = ConvTranspose<strides=[2,2]>(x,w)", {"w": normal(8, 4, 2, 2)}, IMAGE, {"y": "float[N,4,28,28]"}, ("8", "16"))
plant("shapes: depthwise", "SHP010|SHP012", "[bad] y = Conv<group=16,pads=[1,1,1,1]>(x,w)", {"w": normal(32, 2, 3, 3)}, IMAGE, {"y": "float[N,32,14,14]"}, ("16",))
plant("shapes: slice then conv", "SHP010", "p = Slice(x,st,en,ax) [bad] y = Conv(p,w)", {"st": ints(0), "en": ints(12), "ax": ints(1), "w": normal(4, 16, 1, 1)}, IMAGE, {"y": "float[N,4,14,14]"}, ("16", "12"))
plant("shapes: shape-computed reshape", "SHP001", "sh = Shape(x) n = Gather(sh,zero) n1 = Unsqueeze(n,ax) t = Concat<axis=0>(n1,m) f = Reshape(x,t) [bad] y = MatMul(f,w)", {"zero": np.array(0), "ax": ints(0), "m": ints(-1), "w": normal(3000, 10)}, IMAGE, {"y": "float[N,10]"}, ("3136", "3000"))
plant("shapes: instancenorm", "SHP001", "[bad] y = InstanceNormalization(x,s,b)", {"s": normal(4), "b": normal(4)}, IMAGE, {"y": "float[N,16,14,14]"}, ("16", "4"))
plant("shapes: qlinear", "SHP010", "[bad] y = QLinearConv(x,xs,xz,w,ws,wz,ys,yz)", {"xs": np.float32(0.1), "xz": np.uint8(0), "w": np.ones((4, 8, 1, 1), np.uint8), "ws": np.float32(0.1), "wz": np.uint8(0), "ys": np.float32(0.1), "yz": np.uint8(0)}, {"x": "uint8[N,16,14,14]"}, {"y": "uint8[N,4,14,14]"}, ("8", "16"))
plant("declared: output", "SHP002", "[bad] y = Conv<pads=[1,1,1,1],strides=[2,2]>(x,w)", {"w": normal(8, 16, 3, 3)}, IMAGE, {"y": "float[N,8,14,14]"}, ("14", "7"), where=DECLARING)
plant("declared: value_info", "SHP002", "[bad] h = MatMul(x,w) y = Relu(h)", {"w": normal(64, 32)}, {"x": "float[N,64]"}, {"y": "float[N,32]"}, ("64", "32"), where=DECLARING, declared={"h": "float[N,64]"})
plant("declared: rank", "SHP002", "[bad] y = Flatten(x)", {}, {"x": "float[2,16,4,4]"}, {"y": "float[2,16,16]"}, (), where=DECLARING)
plant("declared: type", "SHP024|SHP002", "[bad] y = Cast<to=10>(x)", {}, {"x": "float[2,16]"}, {"y": "float[2,16]"}, ("float16",), where=DECLARING)
plant("window: pool", "SHP011", "a = MaxPool<kernel_shape=[2,2],strides=[2,2]>(x) b = MaxPool<kernel_shape=[2,2],strides=[2,2]>(a) [bad] y = AveragePool<kernel_shape=[7,7]>(b)", {}, IMAGE, {"y": "float[N,16,1,1]"}, ("7", "3"))
plant("window: conv", "SHP011", "a = MaxPool<kernel_shape=[4,4],strides=[4,4]>(x) [bad] y = Conv(a,w)", {"w": normal(4, 16, 5, 5)}, IMAGE, {"y": "float[N,4,1,1]"}, ("5", "3"))
plant("window: dilated 1d", "SHP011", "[bad] y = Conv<dilations=[16],kernel_shape=[3]>(x,w)", {"w": normal(4, 8, 3)}, {"x": "float[N,8,30]"}, {"y": "float[N,4,1]"}, ("33", "30"))
plant("group: in", "SHP012", "[bad] y = Conv<group=3>(x,w)", {"w": normal(6, 5, 1, 1)}, IMAGE, {"y": "float[N,6,14,14]"}, ("3", "16"))
plant("group: out", "SHP012", "[bad] y = Conv<group=4>(x,w)", {"w": normal(6, 4, 1, 1)}, IMAGE, {"y": "float[N,6,14,14]"}, ("4", "6"))
plant("group: transpose", "SHP012|SHP010", "[bad] y = ConvTranspose<group=3>(x,w)", {"w": normal(16, 5, 1, 1)}, IMAGE, {"y": "float[N,15,14,14]"}, ("3", "16"))
plant("reshape: heads", "SHP004", "[bad] y = Reshape(x,s)", {"s": ints(0, 0, 8, 10)}, {"x": "float[N,10,64]"}, {"y": "float[N,10,8,10]"}, ())
plant("reshape: two -1", "SHP004", "[bad] y = Reshape(x,s)", {"s": ints(-1, 4, -1)}, {"x": "float[N,10,64]"}, {"y": "float[N,4,a]"}, ("-1",))
plant("reshape: fixed", "SHP004", "p = Conv(x,w) [bad] y = Reshape(p,s)", {"w": normal(8, 16, 3, 3), "s": ints(2, 8 * 14 * 14)}, {"x": "float[2,16,14,14]"}, {"y": "float[2,1568]"}, ())
plant("reshape: zero beyond", "SHP004", "[bad] y = Reshape(x,s)", {"s": ints(0, 0, 0)}, {"x": "float[2,16]"}, {"y": "float[2,16,1]"}, ())
plant("reshape: allowzero", "SHP004", "[bad] y = Reshape<allowzero=1>(x,s)", {"s": ints(0, -1)}, {"x": "float[2,16]"}, {"y": "float[2,16]"}, ())
plant("reshape: not multiple", "SHP004", "[bad] y = Reshape(x,s)", {"s": ints(-1, 7)}, {"x": "float[2,16]"}, {"y": "float[a,7]"}, ("32", "7"))
plant("dangling: typo", "GRF002", "h = Relu(x) [bad] y = Add(h,xx)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("xx",))
plant("dangling: weight lost", "GRF002", "[bad] y = Conv(x,conv1_weight)", {}, IMAGE, {"y": "float[N,4,14,14]"}, ("conv1_weight",))
plant("dangling: inner", "GRF002", "h = Relu(x) k = Sigmoid(h) [bad] m = Mul(k, gone) y = Neg(m)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("gone",))
plant("cycle: two", "GRF001", "[bad] a = Add(x,b) [n2] b = Relu(a) y = Neg(b)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("bad", "n2"))
plant("cycle: self", "GRF001", "[bad] a = Add(x,a) y = Neg(a)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("bad",))
plant("cycle: three", "GRF001", "[bad] a = Add(x,c) [n2] b = Relu(a) [n3] c = Exp(b) y = Neg(b)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("n3",))
plant("order: swap", "GRF004", "[bad] y = Neg(h) h = Relu(x)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("h",))
plant("order: far", "GRF004", "[bad] a = Add(x,q) b = Relu(a) q = Sigmoid(x) y = Neg(b)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("q",))
plant("order: weight", "GRF004", "p = Relu(x) [bad] y = Mul(p,k) k = Exp(x)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("k",))
plant("name: twice", "GRF003", "h = Relu(x) h = Exp(x) y = Neg(h)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("'h'",), node=None)
plant("name: of weight", "GRF003", "w = Relu(x) y = Add(w,x)", {"w": normal(16, 1, 1)}, IMAGE, {"y": "float[N,16,14,14]"}, ("'w'",), node=None, where=EVERYWHERE)
plant("name: of input", "GRF003", "x = Relu(x) y = Neg(x)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("'x'",), node=None, where=("top", "function"))
plant("name: same node", "GRF003", "h, h = Split<axis=1>(x,s) y = Neg(h)", {"s": ints(8, 8)}, IMAGE, {"y": "float[N,8,14,14]"}, ("'h'",), node=None)
plant("output: out", "GRF005", "h = Relu(x) z = Neg(h)", {}, IMAGE, {"z": "float[N,16,14,14]", "logits": "float[N,10]"}, ("logits",), node=None)
plant("operator: misspelt", "GRF006", "[bad] y = BatchNormalisation(x,s,s,s,s)", {"s": normal(16)}, IMAGE, {"y": "float[N,16,14,14]"}, ("BatchNormalisation",))
plant("operator: later opset", "GRF006", "[bad] y = LayerNormalization(x,s)", {"s": normal(14)}, IMAGE, {"y": "float[N,16,14,14]"}, ("17",), opset=13)
plant("operator: torch", "GRF006", "[bad] y = Silu(x)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("Silu",))
plant("operator: gelu", "GRF006", "[bad] y = Gelu(x)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("20",), opset=18)
plant("deprecated: upsample", "PRT006", '[bad] y = Upsample<mode="nearest">(x,s)', {"s": np.float32([1, 1, 2, 2])}, IMAGE, {"y": "float[N,16,28,28]"}, ("Upsample",), opset=13)
plant("deprecated: scatter", "PRT006", "[bad] y = Scatter<axis=0>(x,i,u)", {"i": np.zeros((1, 4), np.int64), "u": normal(1, 4)}, {"x": "float[3,4]"}, {"y": "float[3,4]"}, ("Scatter",), opset=12)
plant("attribute: missing concat axis", "GRF014|SHP017", "[bad] y = Concat(x,x)", {}, IMAGE, {"y": "float[N,32,14,14]"}, ("axis",))
plant("attribute: missing cast to", "GRF014|SHP017", "[bad] y = Cast(x)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("to",))
plant("attribute: unknown", "GRF014", "[bad] y = Conv<padding=[1,1,1,1]>(x,w)", {"w": normal(4, 16, 3, 3)}, IMAGE, {"y": "float[N,4,12,12]"}, ("padding",))
plant("attribute: type", "SHP017|GRF014", "[bad] y = Softmax<axis=1.0>(x)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("axis",))
plant("attribute: strides type", "SHP017|GRF014", "[bad] y = Conv<strides=2>(x,w)", {"w": normal(4, 16, 3, 3)}, IMAGE, {"y": "float[N,4,6,6]"}, ("strides",))
plant("attribute: mode", "SHP017", '[bad] y = Pad<mode="mirror">(x,p)', {"p": ints(0, 0, 1, 1, 0, 0, 1, 1)}, IMAGE, {"y": "float[N,16,16,16]"}, ("mirror",))
plant("attribute: opset13 squeeze", "GRF014", "[bad] y = Squeeze<axes=[1]>(x)", {}, {"x": "float[N,1,5]"}, {"y": "float[N,5]"}, ("axes",))
plant("attribute: zero stride", "SHP017", "[bad] y = MaxPool<kernel_shape=[2,2],strides=[0,2]>(x)", {}, IMAGE, {"y": "float[N,16,7,7]"}, ("strides",))
plant("attribute: negative pads", "SHP017|SHP011", "[bad] y = MaxPool<kernel_shape=[2,2],pads=[-1,0,0,0]>(x)", {}, IMAGE, {"y": "float[N,16,13,13]"}, ("pads",), where=("top",))
plant("attribute: reduce axes", "GRF014", "[bad] y = ReduceSum<axes=[1]>(x)", {}, IMAGE, {"y": "float[N,1,14,14]"}, ("axes",))
plant("attribute: direction", "SHP017", '[bad] y, h = LSTM<hidden_size=8,direction="both">(x,w,r)', {"w": normal(1, 32, 4), "r": normal(1, 32, 8)}, {"x": "float[5,N,4]"}, {"y": "float[5,1,N,8]"}, ("both",))
plant("attribute: resize mode", "SHP017", '[bad] y = Resize<mode="bilinear">(x,,s)', {"s": np.float32([1, 1, 2, 2])}, IMAGE, {"y": "float[N,16,28,28]"}, ("bilinear",))
plant("attribute: perm", "SHP017|SHP006", "[bad] y = Transpose<perm=[0,2,2,1]>(x)", {}, IMAGE, {"y": "float[N,14,14,16]"}, ())
plant("attribute: perm len", "SHP017|SHP006", "[bad] y = Transpose<perm=[0,2,1]>(x)", {}, IMAGE, {"y": "float[N,14,14]"}, ())
plant("types: matmul half", "SHP018", "[bad] y = MatMul(x,w)", {"w": normal(64, 32, dtype=np.float16)}, {"x": "float[N,64]"}, {"y": "float[N,32]"}, ("float16", "float32"))
plant("types: int add", "SHP018", "s = Shape(x) f = Cast<to=1>(s) [bad] y = Mul(f,two)", {"two": np.array(2)}, {"x": "float[N,64]"}, {"y": "float[2]"}, ("int64", "float32"))
plant("types: conv double", "SHP018", "[bad] y = Conv(x,w)", {"w": normal(4, 16, 1, 1, dtype=np.float64)}, IMAGE, {"y": "float[N,4,14,14]"}, ("float64",))
plant("types: concat", "SHP018", "s = Cast<to=10>(x) [bad] y = Concat<axis=0>(x,s)", {}, {"x": "float[4,64]"}, {"y": "float[8,64]"}, ("float16",))
plant("types: where", "SHP018", "c = Greater(x,z) [bad] y = Where(c,x,o)", {"z": np.float32(0), "o": np.float64(1)}, {"x": "float[N,64]"}, {"y": "float[N,64]"}, ("float64",))
plant("types: gather", "SHP025", "i = Cast<to=1>(x) [bad] y = Gather(w,i)", {"w": normal(10, 4)}, {"x": "int64[N]"}, {"y": "float[N,4]"}, ("float32",))
plant("types: bias half", "SHP018", "[bad] y = Gemm(x,w,b)", {"w": normal(64, 8), "b": normal(8, dtype=np.float16)}, {"x": "float[N,64]"}, {"y": "float[N,8]"}, ("float16",))
plant("types: batchnorm half", "SHP018|SHP025", "[bad] y = BatchNormalization(x,s,b,m,v)", {"s": normal(16, dtype=np.float16), "b": normal(16, dtype=np.float16), "m": normal(16), "v": abs(normal(16))}, IMAGE, {"y": "float[N,16,14,14]"}, (), opset=13)
plant("types: clip", "SHP018", "[bad] y = Clip(x,lo,hi)", {"lo": np.int64(0), "hi": np.int64(6)}, IMAGE, {"y": "float[N,16,14,14]"}, ("int64",))
plant("types: pad value", "SHP018", "[bad] y = Pad(x,p,v)", {"p": ints(0, 0, 1, 1, 0, 0, 1, 1), "v": np.float64(0)}, IMAGE, {"y": "float[N,16,16,16]"}, ("float64",))
plant("types: pow/equal", "SHP018", "e = Equal(x,k) y = Cast<to=1>(e)", {"k": np.float32(1)}, {"x": "int64[N]"}, {"y": "float[N]"}, ("float32",), node=None)
plant("types: lstm", "SHP018", "[bad] y, h = LSTM<hidden_size=8>(x,w,r)", {"w": normal(1, 32, 4), "r": normal(1, 32, 8, dtype=np.float16)}, {"x": "float[5,N,4]"}, {"y": "float[5,1,N,8]"}, ("float16",))
plant("types: scatter", "SHP018", "[bad] y = ScatterND(x,i,u)", {"i": np.array([[1]]), "u": normal(1, 4, dtype=np.float64)}, {"x": "float[3,4]"}, {"y": "float[3,4]"}, ("float64",))
plant("types: quantize", "SHP018", "[bad] y = DequantizeLinear(x,s,z)", {"s": np.float32(0.1), "z": np.int8(0)}, {"x": "uint8[N,4]"}, {"y": "float[N,4]"}, ("int8",))
plant("types: sqrt of int", "SHP025", "s = Shape(x) [bad] y = Sqrt(s)", {}, {"x": "float[N,64]"}, {"y": "int64[2]"}, ("int64",))
plant("types: onehot/range", "SHP018", "[bad] y = Range(a,b,c)", {"a": np.int64(0), "b": np.float32(5), "c": np.int64(1)}, {"x": "float[N,64]"}, {"y": "int64[5]"}, ("float32",))
for nm, ins_, inits in [("lstm W", "x,w,r", {"w": normal(1, 32, 5), "r": normal(1, 32, 8)}), ("lstm R", "x,w,r", {"w": normal(1, 32, 4), "r": normal(1, 24, 8)}), ("lstm B", "x,w,r,b", {"w": normal(1, 32, 4), "r": normal(1, 32, 8), "b": normal(1, 32)}), ("lstm P", "x,w,r,b,,,,p", {"w": normal(1, 32, 4), "r": normal(1, 32, 8), "b": normal(1, 64), "p": normal(1, 32)}), ("lstm h0", "x,w,r,b,,h0", {"w": normal(1, 32, 4), "r": normal(1, 32, 8), "b": normal(1, 64), "h0": normal(1, 2, 16)})]:
    plant("recurrent weight: " + nm, "SHP009", f"[bad] y, h = LSTM<hidden_size=8>({ins_})", inits, {"x": "float[5,2,4]"}, {"y": "float[5,1,2,8]"}, ())
plant("recurrent weight: gru gates", "SHP009", "[bad] y, h = GRU<hidden_size=8>(x,w,r)", {"w": normal(1, 32, 4), "r": normal(1, 32, 8)}, {"x": "float[5,2,4]"}, {"y": "float[5,1,2,8]"}, ("24", "32"))
plant("recurrent weight: directions", "SHP009", '[bad] y, h = LSTM<hidden_size=8,direction="bidirectional">(x,w,r)', {"w": normal(1, 32, 4), "r": normal(1, 32, 8)}, {"x": "float[5,2,4]"}, {"y": "float[5,2,2,8]"}, ("2",))
plant("recurrent weight: rnn hidden", "SHP009", "[bad] y, h = RNN<hidden_size=16>(x,w,r)", {"w": normal(1, 8, 4), "r": normal(1, 8, 8)}, {"x": "float[5,2,4]"}, {"y": "float[5,1,2,16]"}, ("16", "8"))
plant("index: gather", "SHP005", "[bad] y = Gather<axis=1>(x,i)", {"i": ints(0, 3, 16)}, IMAGE, {"y": "float[N,3,14,14]"}, ("16",))
plant("index: gather neg", "SHP005", "[bad] y = Gather<axis=-1>(x,i)", {"i": np.array(-15)}, IMAGE, {"y": "float[N,16,14]"}, ("-15",))
plant("index: gather of shape", "SHP005", "s = Shape(x) [bad] y = Gather(s,i)", {"i": np.array(4)}, IMAGE, {"y": "int64"}, ("4",))
plant("index: elements", "SHP005", "[bad] y = GatherElements<axis=1>(x,i)", {"i": np.array([[0, 7]])}, {"x": "float[1,5]"}, {"y": "float[1,2]"}, ("7",))
plant("index: nd", "SHP005", "[bad] y = GatherND(x,i)", {"i": np.array([[0, 1], [1, 9]])}, {"x": "float[2,5]"}, {"y": "float[2]"}, ("9",))
plant("index: nd batch", "SHP005", "[bad] y = GatherND<batch_dims=1>(x,i)", {"i": np.array([[3], [5]])}, {"x": "float[2,5]"}, {"y": "float[2]"}, ("5",))
plant("index: scatter nd", "SHP005", "[bad] y = ScatterND(x,i,u)", {"i": np.array([[7]]), "u": normal(1, 5)}, {"x": "float[2,5]"}, {"y": "float[2,5]"}, ("7",))
plant("index: scatter el", "SHP005", "[bad] y = ScatterElements<axis=1>(x,i,u)", {"i": np.array([[5]]), "u": normal(1, 1)}, {"x": "float[2,5]"}, {"y": "float[2,5]"}, ("5",))
plant("index: embedding", "SHP005", "[bad] y = Gather(w,i)", {"w": normal(10, 4), "i": np.array([[1, 2, 10]])}, {"x": "float[2,5]"}, {"y": "float[1,3,4]"}, ("10",))
plant("index: axis", "SHP006", "[bad] y = Concat<axis=4>(x,x)", {}, IMAGE, {"y": "float[N,32,14,14]"}, ("4",))
plant("index: axis softmax", "SHP006", "[bad] y = Softmax<axis=-5>(x)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("-5",))
plant("index: squeeze", "SHP001|SHP006|SHP005|SHP017", "[bad] y = Squeeze(x,a)", {"a": ints(1)}, IMAGE, {"y": "float[N,14,14]"}, ("16",))
plant("index: reduce axis", "SHP006", "[bad] y = ReduceMean<axes=[4]>(x)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("4",))
plant("index: split outputs", "SHP001|SHP007|SHP017", "[bad] y, z = Split<axis=1>(x,s)", {"s": ints(4, 4, 8)}, IMAGE, {"y": "float[N,4,14,14]", "z": "float[N,4,14,14]"}, (), where=("top", "function", "loop"))


def spoilt(a, *i, v=np.nan):
    a = a.copy()
    a[i] = v
    return a


plant("number: conv", "NUM001", "y = Conv(x,w)", {"w": spoilt(normal(4, 16, 1, 1), 2, 3, 0, 0)}, IMAGE, {"y": "float[N,4,14,14]"}, ("NaN", "'w'"), node=None)
plant("number: inf bias", "NUM001", "y = Gemm(x,w,b)", {"w": normal(64, 8), "b": spoilt(normal(8), 1, v=np.inf)}, {"x": "float[N,64]"}, {"y": "float[N,8]"}, ("infinite", "'b'"), node=None)
plant("number: neg inf add", "NUM001", "h = MatMul(x,w) y = Add(h,b)", {"w": normal(64, 8), "b": spoilt(normal(8), 1, v=-np.inf)}, {"x": "float[N,64]"}, {"y": "float[N,8]"}, ("infinite", "'b'"), node=None)
plant("number: bn mean", "NUM001", "y = BatchNormalization(x,s,s,m,v)", {"s": normal(16) + 1, "m": spoilt(normal(16), 3), "v": abs(normal(16)) + 1}, IMAGE, {"y": "float[N,16,14,14]"}, ("NaN", "'m'"), node=None)
plant("number: lstm", "NUM001", "y, h = LSTM<hidden_size=8>(x,w,r)", {"w": normal(1, 32, 4), "r": spoilt(normal(1, 32, 8), 0, 1, 1)}, {"x": "float[5,2,4]"}, {"y": "float[5,1,2,8]"}, ("NaN", "'r'"), node=None)
plant("number: half", "NUM001", "h = Cast<to=10>(x) y = MatMul(h,w)", {"w": spoilt(normal(64, 8, dtype=np.float16), 1, 1)}, {"x": "float[N,64]"}, {"y": "float16[N,8]"}, ("NaN", "'w'"), node=None)
plant("number: embedding", "NUM001", "y = Gather(w,x)", {"w": spoilt(normal(50, 8), 1, 1)}, {"x": "int64[N]"}, {"y": "float[N,8]"}, ("NaN", "'w'"), node=None)
plant("number: scalar scale", "NUM001", "y = Mul(x,k)", {"k": np.float32(np.nan)}, {"x": "float[N]"}, {"y": "float[N]"}, ("NaN", "'k'"), node=None)
plant("number: layernorm inf", "NUM001", "y = LayerNormalization(x,s)", {"s": spoilt(normal(64), 0, v=np.inf)}, {"x": "float[N,64]"}, {"y": "float[N,64]"}, ("infinite", "'s'"), node=None)
plant("number: div inf", "NUM001", "y = Div(x,s)", {"s": spoilt(normal(64), 0, v=np.inf)}, {"x": "float[N,64]"}, {"y": "float[N,64]"}, ("infinite", "'s'"), node=None)
plant("dead: single", "GRF007", "h = Relu(x) [bad] q = Sigmoid(h) y = Neg(h)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("'q'",))
plant("dead: chain", "GRF007", "h = Relu(x) q = Sigmoid(h) [bad] z = Exp(q) y = Neg(h)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("'z'",))
plant("dead: conv head", "GRF007", "h = Relu(x) [aux] q = Conv(h,w) [bad] z = GlobalAveragePool(q) y = Neg(h)", {"w": normal(4, 16, 1, 1)}, IMAGE, {"y": "float[N,16,14,14]"}, ("'z'",))
plant("dead: multi", "GRF007", "[bad] a, b = Split<axis=1>(x,s) y = Neg(x)", {"s": ints(8, 8)}, IMAGE, {"y": "float[N,16,14,14]"}, ("'a'",))
plant("unused: init", "GRF008", "y = Neg(x)", {"lost_weight": normal(64, 32)}, IMAGE, {"y": "float[N,16,14,14]"}, ("lost_weight",), node=None)
plant("unused: scalar", "GRF008", "y = Neg(x)", {"lost": np.float32(3)}, IMAGE, {"y": "float[N,16,14,14]"}, ("lost",), node=None)
plant("unused: old bias", "GRF008", "y = Conv(x,w)", {"w": normal(4, 16, 1, 1), "b": normal(4)}, IMAGE, {"y": "float[N,4,14,14]"}, ("'b'",), node=None)
for op in ("Relu", "Sigmoid", "Tanh"):
    plant("activation: " + op, "ARC003", f"h = {op}(x) [bad] y = {op}(h)", {}, IMAGE, {"y": "float[N,16,14,14]"}, (op,))
plant("activation: identity", "ARC003", "h = Relu(x) i = Identity(h) [bad] y = Relu(i)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("Relu",))
plant("activation: dropout", "ARC003", "h = Sigmoid(x) i = Dropout(h) [bad] y = Sigmoid(i)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("Sigmoid",))
plant("activation: leaky", "ARC003", "h = LeakyRelu<alpha=0.1>(x) [bad] y = LeakyRelu<alpha=0.1>(h)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("LeakyRelu",))
plant("activation: clip", "ARC003|PRF006", "h = Clip(x,a,b) [bad] y = Clip(h,a,b)", {"a": np.float32(0), "b": np.float32(6)}, IMAGE, {"y": "float[N,16,14,14]"}, ("Clip",))
plant("activation: reshape", "ARC003", "h = Relu(x) i = Flatten(h) [bad] y = Relu(i)", {}, IMAGE, {"y": "float[N,3136]"}, ("Relu",))
plant("activation: transposed fanout", "ARC003", "h = Tanh(x) i = Transpose<perm=[0,2,3,1]>(h) [bad] z = Tanh(i) t = Transpose<perm=[0,3,1,2]>(z) y = Add(t,h)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("Tanh",))
plant("activation: hardswish", "ARC003", "h = HardSwish(x) [bad] y = HardSwish(h)", {}, IMAGE, {"y": "float[N,16,14,14]"}, ("HardSwish",))
bn = {"s": normal(8) + 1, "bb": normal(8), "m": normal(8), "v": abs(normal(8)) + 1}
plant("bias: conv", "PRF002", "[bad] h = Conv<pads=[1,1,1,1]>(x,w,c) [bn] y = BatchNormalization(h,s,bb,m,v)", dict(w=normal(8, 16, 3, 3), c=normal(8), **bn), IMAGE, {"y": "float[N,8,14,14]"}, ("'c'",))
plant("bias: transpose", "PRF002", "[bad] h = ConvTranspose<strides=[2,2]>(x,w,c) [bn] y = BatchNormalization(h,s,bb,m,v)", dict(w=normal(16, 8, 2, 2), c=normal(8), **bn), IMAGE, {"y": "float[N,8,28,28]"}, ("'c'",))
plant("bias: gemm", "PRF002", "[bad] h = Gemm(x,w,c) [bn] y = BatchNormalization(h,s,bb,m,v)", dict(w=normal(16, 8), c=normal(8), **bn), {"x": "float[N,16]"}, {"y": "float[N,8]"}, ("'c'",))
plant("bias: add bias", "PRF002", "h = Conv(x,w) [bad] k = Add(h,c) [bn] y = BatchNormalization(k,s,bb,m,v)", dict(w=normal(8, 16, 3, 3), c=normal(1, 8, 1, 1), **bn), IMAGE, {"y": "float[N,8,12,12]"}, ("'c'",))
plant("bias: 1d", "PRF002", "[bad] h = Conv(x,w,c) [bn] y = BatchNormalization(h,s,bb,m,v)", dict(w=normal(8, 16, 3), c=normal(8), **bn), {"x": "float[N,16,50]"}, {"y": "float[N,8,48]"}, ("'c'",))
for nm, var in [("one", [1, 1, -1, 1]), ("tiny neg", [1, -1e-07, 1, 1]), ("all", [-1, -2, -3, -4]), ("minus eps", [1, 1, 1, -1e-05])]:
    plant("variance: " + nm, "NUM009", "[bad] y = BatchNormalization(x,s,b,m,v)", {"s": normal(4) + 1, "b": normal(4), "m": normal(4), "v": np.float32(var)}, {"x": "float[N,4,6,6]"}, {"y": "float[N,4,6,6]"}, ())
plant("variance: half", "NUM009", "[bad] y = BatchNormalization<epsilon=0.001>(x,s,b,m,v)", {"s": normal(4, dtype=np.float16) + 1, "b": normal(4, dtype=np.float16), "m": normal(4, dtype=np.float16), "v": np.float16([1, 1, -0.5, 1])}, {"x": "float16[N,4,6]"}, {"y": "float16[N,4,6]"}, ())
