"""What the inputs of operators are for: learned weights, statistics, scales, shapes and indices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archlint.model import Node

LEARNED = "learned"
DATA = "data"
STATISTIC = "statistic"
QUANTIZATION = "quantization"
INDEX = "index"
SCALAR = "scalar"

_TABLE: dict[str, dict[str, tuple[int, ...]]] = {
    LEARNED: {
        "BatchNormalization": (1, 2),
        "Conv": (1, 2),
        "ConvInteger": (1,),
        "ConvTranspose": (1, 2),
        "DeformConv": (1, 3),
        "DequantizeLinear": (0,),
        "DynamicQuantizeLSTM": (1, 2, 3, 7),
        "DynamicQuantizeMatMul": (1, 4),
        "EmbedLayerNormalization": (2, 3, 4, 5, 6),
        "FusedConv": (1, 2),
        "FusedGemm": (1, 2),
        "FusedMatMul": (1,),
        "GRU": (1, 2, 3),
        "GatherBlockQuantized": (0,),
        "Gemm": (1, 2),
        "GroupNorm": (1, 2),
        "GroupNormalization": (1, 2),
        "InstanceNormalization": (1, 2),
        "LSTM": (1, 2, 3, 7),
        "LayerNormalization": (1, 2),
        "MatMul": (1,),
        "MatMulBnb4": (1,),
        "MatMulInteger": (1,),
        "MatMulIntegerToFloat": (1, 6),
        "MatMulNBits": (1, 5),
        "NhwcConv": (1, 2),
        "PRelu": (1,),
        "QAttention": (1, 2),
        "QGemm": (3, 6),
        "QLinearConv": (3, 8),
        "QLinearMatMul": (3,),
        "QMoE": (2, 4, 5, 7, 8, 10),
        "RMSNormalization": (1,),
        "RNN": (1, 2, 3),
        "SimplifiedLayerNormalization": (1,),
        "SkipLayerNormalization": (2, 3, 4),
        "SkipSimplifiedLayerNormalization": (2, 3),
    },
    STATISTIC: {"BatchNormalization": (3, 4)},
    SCALAR: {"DynamicQuantizeLSTM": (5, 6), "GRU": (5,), "LSTM": (5, 6), "RNN": (5,)},
    QUANTIZATION: {
        "ConvInteger": (2, 3),
        "DequantizeLinear": (1, 2),
        "DynamicQuantizeLSTM": (8, 9, 10, 11),
        "DynamicQuantizeMatMul": (2, 3),
        "GatherBlockQuantized": (2, 3),
        "MatMulBnb4": (2,),
        "MatMulInteger": (2, 3),
        "MatMulIntegerToFloat": (2, 3, 4, 5),
        "MatMulNBits": (2, 3),
        "QAttention": (3, 4, 6, 7),
        "QGemm": (1, 2, 4, 5, 7, 8),
        "QLinearAdd": (1, 2, 4, 5, 6, 7),
        "QLinearAveragePool": (1, 2, 3, 4),
        "QLinearConv": (1, 2, 4, 5, 6, 7),
        "QLinearGlobalAveragePool": (1, 2, 3, 4),
        "QLinearLeakyRelu": (1, 2, 3, 4),
        "QLinearMatMul": (1, 2, 4, 5, 6, 7),
        "QLinearMul": (1, 2, 4, 5, 6, 7),
        "QLinearSigmoid": (1, 2, 3, 4),
        "QLinearSoftmax": (1, 2, 3, 4),
        "QLinearWhere": (2, 3, 5, 6, 7, 8),
        "QMoE": (3, 6, 9, 11, 12, 13),
        "QuantizeLinear": (1, 2),
    },
    INDEX: {
        "AffineGrid": (1,),
        "Bernoulli": (),
        "CenterCropPad": (1,),
        "Clip": (1, 2),
        "Col2Im": (1, 2),
        "Compress": (1,),
        "ConstantOfShape": (0,),
        "CumSum": (1,),
        "DFT": (1, 2),
        "Dropout": (1, 2),
        "Expand": (1,),
        "Gather": (1,),
        "GatherBlockQuantized": (1,),
        "GatherElements": (1,),
        "GatherND": (1,),
        "If": (0,),
        "Loop": (0, 1),
        "MaxUnpool": (1, 2),
        "NonMaxSuppression": (2, 3, 4),
        "OneHot": (0, 1, 2),
        "Pad": (1, 2, 3),
        "Range": (0, 1, 2),
        "ReduceL1": (1,),
        "ReduceL2": (1,),
        "ReduceLogSum": (1,),
        "ReduceLogSumExp": (1,),
        "ReduceMax": (1,),
        "ReduceMean": (1,),
        "ReduceMin": (1,),
        "ReduceProd": (1,),
        "ReduceSum": (1,),
        "ReduceSumSquare": (1,),
        "Reshape": (1,),
        "Resize": (1, 2, 3),
        "ReverseSequence": (1,),
        "STFT": (1, 3),
        "ScatterElements": (1,),
        "ScatterND": (1,),
        "SequenceAt": (1,),
        "Slice": (1, 2, 3, 4),
        "Split": (1,),
        "SplitToSequence": (1,),
        "Squeeze": (1,),
        "Tile": (1,),
        "TopK": (1,),
        "Trilu": (1,),
        "Unsqueeze": (1,),
        "Upsample": (1,),
        "Where": (0,),
    },
}
_ROLES = {
    (op, slot): name
    for name, operators in _TABLE.items()
    for op, slots in operators.items()
    for slot in slots
}
_PASSING = frozenset(
    {"Cast", "CastLike", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"}
)
_DECIDING = frozenset(
    [
        "Abs",
        "Add",
        "And",
        "ArgMax",
        "ArgMin",
        "Cast",
        "Ceil",
        "Concat",
        "Div",
        "Equal",
        "Expand",
        "Floor",
        "Gather",
        "GatherElements",
        "GatherND",
        "Greater",
        "GreaterOrEqual",
        "Less",
        "LessOrEqual",
        "Max",
        "Min",
        "Mod",
        "Mul",
        "Neg",
        "Not",
        "Or",
        "Pad",
        "Range",
        "ReduceMax",
        "ReduceMin",
        "ReduceProd",
        "ReduceSum",
        "ScatterElements",
        "ScatterND",
        "Shape",
        "Size",
        "Slice",
        "Split",
        "Sub",
        "Tile",
        "Where",
        "Xor",
    ]
)
_DOMAINS = frozenset({"", "com.microsoft"})


def role(node: Node, slot: int) -> str | None:
    """What input ``slot`` is always for; None where it depends on what becomes of the output."""
    return _ROLES.get((node.op_type, slot)) if node.domain in _DOMAINS else None


def passes(node: Node, slot: int) -> bool:
    """True when the elements of input ``slot`` go on unchanged, in another shape or type."""
    return slot == 0 and node.op_type in _PASSING and node.domain in _DOMAINS


def decides(node: Node) -> bool:
    """True for arithmetic that integers undergo on their way to a shape or an index."""
    return node.op_type in _DECIDING and node.domain in _DOMAINS
