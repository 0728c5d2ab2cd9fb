"""The skim agrees with protobuf's own parser: it takes what that takes, and loses nothing."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import onnx
import pytest
from google.protobuf.message import DecodeError

from archlint.errors import LoadError
from archlint.loaders import Limits
from archlint.loaders.wire import Payload, skim

FILES = 6000
SPLICES = (
    b"\x80\x80\x80\x80\x00", b"\x4b\x4c", b"\x4b", b"\x4c", b"\xff" * 10, b"\x0a\x00", b"\x4a\x02ab",
    b"\x88\x80\x80\x00\x01", b"\xff\xff\xff\xff\x1f", b"\xf2\xff\xff\xff\x0f\x00", b"\x4b" * 101 + b"\x4c" * 101,
)  # fmt: skip
BYTES = (0, 0x80, 0xFF, 0x7F, 0x0A, 0x2A, 0x3A, 0x4A, 0x0B, 0x0C, 0x22, 0x52)


def parsed(data: bytes) -> onnx.ModelProto | None:
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        return None
    return model


def put_back(message: Any, payloads: dict[bytes, Payload], data: bytes) -> bool:
    """Replace the markers in a parsed structure by what they stand for.

    False when a tensor has packed numbers in several pieces, whose order is then not known.
    """
    waiting = [message]
    clear = True
    while waiting:
        item = waiting.pop()
        if isinstance(item, onnx.TensorProto):
            found = payloads.get(item.raw_data)
            if found is not None:
                item.raw_data = data[found.offset : found.offset + found.length]
            for marker in [s for s in item.string_data if s in payloads]:
                found = payloads[marker]
                stored = data[found.offset : found.offset + found.length]
                clear = clear and not getattr(item, found.field)
                dtype = np.float32 if found.field == "float_data" else np.float64
                getattr(item, found.field).extend(np.frombuffer(stored, dtype))
                item.string_data.remove(marker)
        for field, value in item.ListFields():
            if field.message_type is not None:
                waiting += list(value) if field.is_repeated else [value]
    return clear


def mutated(base: bytes, rng: random.Random) -> bytes:
    data = bytearray(base)
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3, 8])):
        if not data:
            break
        at = rng.randrange(len(data) if rng.random() < 0.5 else min(len(data), 400))
        match rng.randrange(6):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at] = rng.choice(BYTES)
            case 2:
                del data[at:]
            case 3:
                del data[at : at + rng.randrange(1, 9)]
            case 4:
                data[at:at] = rng.choice(SPLICES)
            case _:
                other = rng.randrange(len(data))
                data[at:at] = data[other : other + rng.randrange(1, 200)]
    return bytes(data)


def test_it_takes_what_protobuf_takes_and_nothing_else(model_bytes: bytes) -> None:
    rng = random.Random(20)
    accepted = 0
    for _ in range(FILES):
        data, large = mutated(model_bytes, rng), rng.choice([0, 0, 8, 64, 300, 4096])
        expected = parsed(data)
        try:
            skimmed = skim(data, Limits(), large=large)
            found = parsed(skimmed.structure)
        except LoadError:
            found = None
        assert (found is None) == (expected is None), (data, large)
        if found is not None and expected is not None:
            accepted += 1
            if put_back(found, skimmed.payloads, data):
                assert found.SerializeToString(deterministic=True) == expected.SerializeToString(
                    deterministic=True
                )
    assert accepted > FILES // 5  # the mutations are mild enough to test both sides


@pytest.mark.parametrize("large", [0, 100, 400])
def test_weights_are_left_out(model_bytes: bytes, large: int) -> None:
    skimmed = skim(model_bytes, Limits(), large=large)
    left_out = sum(p.length for p in skimmed.payloads.values())
    assert left_out > 1000
    markers = len(skimmed.payloads) * 30
    assert len(skimmed.structure) <= len(model_bytes) - left_out + markers


def test_a_file_cannot_forge_a_marker(model_bytes: bytes) -> None:
    first = skim(model_bytes, Limits(), large=100)
    again = skim(model_bytes, Limits(), large=100)
    assert not first.payloads.keys() & again.payloads.keys()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x08\x08\x3a\x05\x0a", "field 7 (graph) at byte 2 announces 5 bytes, file has 1 left"),
        (
            b"\x3a\x04\x0a\x7f\x00\x00" + b"\x12\x01x",
            "field 1 (node) at byte 2 announces 127 bytes, its graph has",
        ),
        (b"\x3a", "field 7 (graph) at byte 0 is cut off"),
        (b"\x08" + b"\xff" * 11, "no readable number at byte 0"),
        (b"\x0f\x00", "no field can start at byte 0"),
        (b"\x4c", "a group ends at byte 0 unopened"),
        (b"\x09abc", "field 1 at byte 0 is cut off"),
    ],
)
def test_the_defect_is_placed(data: bytes, words: str) -> None:
    with pytest.raises(LoadError) as caught:
        skim(data, Limits(), large=0)
    assert words in caught.value.message
