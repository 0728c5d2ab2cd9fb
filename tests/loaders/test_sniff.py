"""Files that are no models, each told by its own code."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import zipfile
from typing import TYPE_CHECKING

import onnx
import pytest

from archlint.errors import LoadError
from archlint.loaders import Limits, Options, load

if TYPE_CHECKING:
    from pathlib import Path

POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 97800000\n"
)


class Bomb:
    def __reduce__(self):
        return os.system, ("touch executed",)


def archive(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        zipped.writestr(name, b"\x80\x02.")
    return out.getvalue()


CASES = {
    "pointer": (POINTER, "IO001", "oid 4d7a2146…, 97.8 MB"),
    "conflict": (b"<<<<<<< HEAD\n" + POINTER + b"=======\n", "IO002", "conflict markers"),
    "empty": (b"", "IO003", "0 bytes"),
    "html": (b"\n<!DOCTYPE html><html><body>Sign in", "IO004", "<!DOCTYPE html>"),
    "html-comment": (b"<!-- saved -->\n<HTML lang=en>", "IO004", "HTML page"),
    "tflite": (b"\x1c\0\0\0TFL3" + bytes(40), "IO005", "'TFL3' at byte 4"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(40), "IO005", "HDF5"),
    "torch": (archive("model/data.pkl"), "IO005", "PyTorch archive"),
    "keras": (archive("metadata.json"), "IO005", "Keras"),
    "npz": (archive("w.npy"), "IO005", "NumPy archive"),
    "zip": (archive("model.onnx"), "IO005", "a zip archive"),
    "pickle": (pickle.dumps(Bomb()), "IO005", "never unpickled"),
    "pickle-0": (pickle.dumps(Bomb(), 0), "IO005", "never unpickled"),
    "pickle-0-dict": (pickle.dumps({"a": 1}, 0), "IO005", "never unpickled"),
    "pickle-1": (pickle.dumps({"a": 1}, 1), "IO005", "never unpickled"),
    "core-ml": (b"\x08\x01\x12\x04\x0a\x02\x0a\x00\xa2\x1f\x00", "IO005", "a Core ML model"),
    "core-ml-updatable": (b"\x08\x07\x12\x00\x50\x01\xb2\x1f\x02\x08\x01", "IO005", "a Core ML model"),
    "safetensors": ((2).to_bytes(8, "little") + b"{}", "IO005", "safetensors"),
    "gguf": (b"GGUF\x03\0\0\0" + bytes(40), "IO005", "GGUF"),
    "openvino": (b'<?xml version="1.0"?>\n<net name="m" version="11">', "IO005", "OpenVINO"),
    "xml": (b'<?xml version="1.0"?><a/>', "IO005", "XML"),
    "tensorrt": (b"ptrt\0\0\0\0" + bytes(40), "IO005", "TensorRT"),
    "gzip": (gzip.compress(b"model"), "IO005", "gzip"),
    "png": (b"\x89PNG\r\n\x1a\n", "IO005", "PNG"),
    "utf16": ("model".encode("utf-16"), "IO005", "UTF-16"),
    "text": (b"#this is a note, no model\n", "IO005", "plain text"),
    "zeros": (bytes(512), "IO006", "zero bytes"),
    "noise": (bytes(range(254, 0, -1)), "IO006", "ONNX is damaged"),
    "no-graph": (
        onnx.ModelProto(ir_version=8, producer_name="x\x01").SerializeToString(),
        "IO006",
        "no graph",
    ),
    "cut": (b"\x08\x08\x3a\xc0\x84\x10abc", "IO006", "(graph) at byte 2 announces 262,720 bytes, file has 3"),
    "cut-number": (b"\x08\x08\x3a\xc0", "IO006", "ends early"),
}


@pytest.mark.parametrize(("data", "code", "words"), CASES.values(), ids=CASES)
def test_what_is_no_model_is_named(tmp_path: Path, monkeypatch, data: bytes, code: str, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    with pytest.raises(LoadError) as caught:
        load(path)
    assert caught.value.code == code
    assert words in caught.value.message
    assert os.listdir(tmp_path) == ["model.onnx"]


def test_the_conflict_is_on_its_line(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(POINTER[:43] + b"<<<<<<< ours\n" + POINTER[43:])
    with pytest.raises(LoadError) as caught:
        load(path)
    assert (caught.value.code, caught.value.line) == ("IO002", 2)


def test_a_pointer_says_which_command_fetches_it(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(POINTER)
    with pytest.raises(LoadError) as caught:
        load(path)
    assert f"git lfs pull --include={path}" in caught.value.help


def strange(folder: Path) -> dict[str, str]:
    os.mkfifo(folder / "pipe.onnx")
    os.symlink("loop.onnx", folder / "loop.onnx")
    return {
        "directory": str(folder),
        "pipe": str(folder / "pipe.onnx"),
        "device": "/dev/zero",
        "loop": str(folder / "loop.onnx"),
        "missing": str(folder / "nothing.onnx"),
        "nul": "a\0b.onnx",
        "long": str(folder / ("x" * 300)),
        "through-file": "/dev/null/model.onnx",
    }


@pytest.mark.parametrize(
    "kind", ["directory", "pipe", "device", "loop", "missing", "nul", "long", "through-file"]
)
def test_only_regular_files_are_opened(tmp_path: Path, kind: str) -> None:
    with pytest.raises(LoadError, match="cannot read") as caught:
        load(strange(tmp_path)[kind])
    assert caught.value.code == "IO009"


@pytest.mark.parametrize("cut", range(1, 50))
def test_a_truncated_model_is_refused_or_whole(tmp_path: Path, model_bytes: bytes, cut: int) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(model_bytes[: len(model_bytes) * cut // 50])
    with pytest.raises(LoadError) as caught:
        load(path)
    assert caught.value.code == "IO006"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(nodes=1), "more than 1 nodes"),
        (Limits(wire_fields=3), "more than 3 protobuf fields"),
        (Limits(structure_bytes=100), "more than 100 bytes without its weights"),
        (Limits(nesting=1), "nested more than 1 deep"),
        (Limits(rank=1), "dimensions, the limit is 1"),
    ],
    ids=["nodes", "fields", "structure", "nesting", "rank"],
)
def test_a_limit_is_a_refusal(tmp_path: Path, model_bytes: bytes, limits: Limits, words: str) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(model_bytes)
    with pytest.raises(LoadError, match=words) as caught:
        load(path, options=Options(limits=limits))
    assert caught.value.code == "IO010"


def test_more_than_protobuf_can_hold_is_said(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    with path.open("wb") as file:
        file.write(b"\x08\x08")
        file.truncate(3_100_000_000)
    with pytest.raises(LoadError, match=r"3\.1 GB protobuf is over protobuf's 2 GiB limit") as caught:
        load(path)
    assert caught.value.code == "IO010"
