"""onnxruntime's own operators: shapes and types are those that it computes."""

import numpy as np
import pytest

from tests.ops.single_node import Case, compare

MS = "com.microsoft"
RNG = np.random.default_rng(0)


def f(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def u8(*shape):
    return RNG.integers(0, 255, shape).astype(np.uint8)


def i8(*shape):
    return RNG.integers(-127, 127, shape).astype(np.int8)


S, Z, ZS = np.float32(0.1), np.uint8(0), np.int8(0)
i32 = lambda *v: np.array(v, np.int32)  # noqa: E731
i64 = lambda *v: np.array(v, np.int64)  # noqa: E731


def ms(op, *inputs, outputs=1, constant=(), **attrs):
    return Case(op, list(inputs), attrs, outputs, frozenset(constant), 17, MS)


CASES = [
    ms("Attention", f(2, 5, 8), f(8, 24), f(24), num_heads=2),
    ms("Attention", f(2, 5, 8), f(8, 24), f(24), None, f(2, 2, 2, 3, 4), outputs=2, num_heads=2),
    ms("Attention", f(2, 5, 8), f(8, 20), f(20), num_heads=2, qkv_hidden_sizes=[8, 8, 4]),
    ms("MultiHeadAttention", f(2, 5, 8), f(2, 6, 8), f(2, 6, 12), num_heads=2),
    ms("MultiHeadAttention", f(2, 5, 8), f(2, 2, 6, 4), f(2, 2, 6, 4), num_heads=2),
    ms(
        "MultiHeadAttention",
        f(2, 5, 8),
        f(2, 5, 8),
        f(2, 5, 8),
        None,
        None,
        None,
        f(2, 2, 3, 4),
        f(2, 2, 3, 4),
        outputs=3,
        num_heads=2,
    ),
    ms(
        "GroupQueryAttention",
        f(1, 3, 32),
        f(1, 3, 16),
        f(1, 3, 16),
        f(1, 2, 0, 8),
        f(1, 2, 0, 8),
        i32(2),
        i32(3)[0],
        outputs=3,
        constant=(6,),
        num_heads=4,
        kv_num_heads=2,
    ),
    ms(
        "GroupQueryAttention",
        f(1, 3, 64),
        None,
        None,
        f(1, 2, 8, 8),
        f(1, 2, 8, 8),
        i32(2),
        i32(3)[0],
        outputs=3,
        constant=(6,),
        num_heads=4,
        kv_num_heads=2,
    ),
    ms("RotaryEmbedding", f(2, 3, 8), i64(0), f(10, 2), f(10, 2), num_heads=2),
    ms("SkipLayerNormalization", f(2, 3, 8), f(2, 3, 8), f(8), f(8), f(8)),
    ms("SkipSimplifiedLayerNormalization", f(2, 3, 8), f(2, 3, 8), f(8)),
    ms(
        "EmbedLayerNormalization",
        np.zeros((2, 3), np.int32),
        np.zeros((2, 3), np.int32),
        f(10, 8),
        f(5, 8),
        f(2, 8),
        f(8),
        f(8),
        np.ones((2, 3), np.int32),
        outputs=2,
    ),
    ms("BiasGelu", f(2, 3, 8), f(8)),
    ms("FastGelu", f(2, 3, 8), f(8)),
    ms("Gelu", f(2, 3)),
    ms("QuickGelu", f(2, 3)),
    ms("FusedMatMul", f(2, 4, 5), f(2, 6, 5), transB=1),
    ms("FusedMatMul", f(2, 5, 4), f(2, 5, 6), transA=1, alpha=0.5),
    ms("FusedMatMul", f(4, 2, 5), f(2, 5, 6), transBatchA=1),
    ms("TransposeMatMul", f(4, 5), f(6, 5), transB=1),
    ms("FusedGemm", f(4, 5), f(5, 6), f(6), activation="Relu"),
    ms("FusedConv", f(1, 3, 8, 8), f(4, 3, 3, 3), f(4), activation="Relu"),
    ms("NhwcMaxPool", u8(1, 8, 8, 3), kernel_shape=[2, 2], strides=[2, 2]),
    ms("MatMulIntegerToFloat", u8(4, 5), u8(5, 6), S, S, Z, Z, f(6)),
    ms("DynamicQuantizeMatMul", f(4, 5), u8(5, 6), S, Z, f(6), constant=(1, 2, 3)),
    ms("MatMulInteger16", i32(1, 2).astype(np.int16).reshape(1, 2), i32(1, 2).astype(np.int16).reshape(2, 1)),
    ms("QGemm", u8(4, 5), S, Z, u8(6, 5), S, Z, None, S, Z, transB=1),
    ms("QGemm", u8(4, 5), S, Z, u8(5, 6), S, Z),
    ms("MatMulNBits", f(2, 3, 32), u8(6, 1, 16), f(6), constant=(1, 2), K=32, N=6, bits=4, block_size=32),
    ms("QLinearAdd", u8(2, 3), S, Z, u8(3), S, Z, S, Z),
    ms("QLinearMul", u8(2, 3), S, Z, u8(2, 1), S, Z, S, Z),
    ms("QLinearSigmoid", u8(2, 3), S, Z, S, Z, constant=(1, 2, 3, 4)),
    ms("QLinearLeakyRelu", u8(2, 3), S, Z, S, Z, constant=(1, 2, 3, 4), alpha=0.1),
    ms("QLinearConcat", S, Z, u8(2, 3), S, Z, u8(2, 4), S, Z, axis=1),
    ms("QLinearAveragePool", u8(1, 3, 8, 8), S, Z, S, Z, kernel_shape=[3, 3], strides=[2, 2]),
    ms(
        "QLinearAveragePool",
        u8(1, 8, 8, 3),
        S,
        Z,
        S,
        Z,
        kernel_shape=[3, 3],
        channels_last=1,
        ceil_mode=1,
        strides=[2, 2],
    ),
    ms("QLinearGlobalAveragePool", u8(1, 3, 8, 8), S, Z, S, Z),
    ms("QLinearGlobalAveragePool", u8(1, 8, 8, 3), S, Z, S, Z, channels_last=1),
    ms("QLinearSoftmax", u8(2, 3), S, Z, S, Z, opset=13, axis=-1, constant=(1, 2, 3, 4)),
    ms("QLinearWhere", np.ones((2, 1), np.bool_), u8(2, 3), S, Z, u8(3), S, Z, S, Z),
    ms(
        "QLinearConv",
        u8(1, 8, 8, 3),
        S,
        Z,
        u8(4, 3, 3, 3),
        S,
        Z,
        S,
        Z,
        channels_last=1,
        constant=(1, 2, 3, 4, 5, 6, 7),
    ),
    ms(
        "QAttention",
        u8(2, 5, 8),
        u8(8, 24),
        f(24),
        S,
        S,
        None,
        Z,
        Z,
        constant=(1, 2, 3, 4, 6, 7),
        num_heads=2,
    ),
    ms(
        "DynamicQuantizeLSTM",
        f(3, 2, 4),
        i8(1, 4, 20),
        i8(1, 5, 20),
        f(1, 40),
        None,
        None,
        None,
        None,
        np.ones(1, np.float32),
        np.zeros(1, np.int8),
        np.ones(1, np.float32),
        np.zeros(1, np.int8),
        outputs=3,
        constant=(1, 2, 3, 8, 9, 10, 11),
        hidden_size=5,
    ),
    ms("QuantizeLinear", f(2, 3), S, Z),
    ms("DequantizeLinear", u8(2, 3), S, Z),
    ms(
        "ConvTransposeWithDynamicPads",
        f(1, 3, 5, 5),
        f(3, 2, 3, 3),
        i64(1, 1, 1, 1),
        constant=(2,),
        strides=[2, 2],
    ),
    ms("Trilu", f(3, 3)),
    ms("Unique", f(6), outputs=3),
    ms("ExpandDims", f(2, 3), i32(1)[0], constant=(1,)),
    ms("Pad", f(2, 3), i64(0, 1, 0, 2), np.float32(0), constant=(1,)),
    ms("Inverse", f(2, 3, 3)),
    ms("CDist", f(2, 3), f(4, 3), metric="euclidean"),
    ms("GridSample", f(1, 2, 4, 4), f(1, 3, 5, 2)),
    ms("GatherND", f(2, 3, 4), i64(0, 1).reshape(1, 2)),
    ms(
        "GatherBlockQuantized",
        u8(10, 16),
        i64(1, 2, 3),
        f(10, 2),
        constant=(0, 2),
        bits=4,
        block_size=16,
        gather_axis=0,
        quantize_axis=1,
    ),
    ms("Range", np.float32(0), np.float32(5), np.float32(2), constant=(0, 1, 2)),
    ms("CropAndResize", f(1, 3, 8, 8), f(2, 4), i32(0, 0), i32(3, 4), constant=(3,)),
    ms("MoE", f(4, 8), f(4, 3), f(3, 16, 8), None, f(3, 8, 16), k=1),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{c.op}-{i}" for i, c in enumerate(CASES)])
def test_agrees_with_onnxruntime(case):
    unknown = case.op == "Unique"
    assert compare(case, exact=not unknown) == "equal"
    assert case.op == "Unique" or case.analysed().costs.uncounted == []


def test_heads_that_do_not_divide_are_told_and_refused():
    case = ms("MultiHeadAttention", f(2, 5, 9), f(2, 6, 9), f(2, 6, 9), num_heads=2)
    assert [d.error.kind for d in case.analysed().shapes.defects] == ["head-dim-divisibility"]
    assert case.run() is None


def test_a_quantised_lstm_of_the_wrong_layout_is_told():
    case = ms(
        "DynamicQuantizeLSTM",
        f(3, 2, 4),
        i8(1, 20, 4),
        i8(1, 5, 20),
        None,
        None,
        None,
        None,
        None,
        S.reshape(1),
        ZS.reshape(1),
        S.reshape(1),
        ZS.reshape(1),
        constant=(1, 2, 8, 9, 10, 11),
        hidden_size=5,
    )
    assert [d.error.kind for d in case.analysed().shapes.defects] == ["recurrent-weight-shape"]
    assert case.run() is None
