"""Element types of tensors, by their NumPy-style names, and their widths in bits."""

from __future__ import annotations

BITS: dict[str, int | None] = {
    "float32": 32,
    "uint8": 8,
    "int8": 8,
    "uint16": 16,
    "int16": 16,
    "int32": 32,
    "int64": 64,
    "string": None,
    "bool": 8,
    "float16": 16,
    "float64": 64,
    "uint32": 32,
    "uint64": 64,
    "complex64": 64,
    "complex128": 128,
    "bfloat16": 16,
    "float8e4m3fn": 8,
    "float8e4m3fnuz": 8,
    "float8e5m2": 8,
    "float8e5m2fnuz": 8,
    "uint4": 4,
    "int4": 4,
    "float4e2m1": 4,
    "float8e8m0": 8,
    "uint2": 2,
    "int2": 2,
}
INTEGERS = frozenset(
    {"uint8", "int8", "uint16", "int16", "int32", "int64", "uint32", "uint64", "uint4", "int4"}
)
FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})
QUANTIZED = frozenset({"uint8", "int8", "uint16", "int16", "uint4", "int4", "uint2", "int2"})

ONNX_CODES: dict[int, str] = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
    17: "float8e4m3fn",
    18: "float8e4m3fnuz",
    19: "float8e5m2",
    20: "float8e5m2fnuz",
    21: "uint4",
    22: "int4",
    23: "float4e2m1",
    24: "float8e8m0",
    25: "uint2",
    26: "int2",
}
"""TensorProto.DataType numbers, which attributes such as Cast's ``to`` carry (onnx.proto)."""


def nbytes(dtype: str | None, count: int) -> int | None:
    """Bytes of ``count`` elements, sub-byte types packed; None for strings and unknown types."""
    bits = BITS.get(dtype) if dtype is not None else None
    return None if bits is None else (count * bits + 7) // 8
