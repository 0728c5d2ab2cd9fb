"""What a file is when it is no model: told by its first bytes, in a sentence that helps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archlint.errors import LoadError
from archlint.loaders.files import size_text

if TYPE_CHECKING:
    import mmap

HEAD = 4096
SIZE_LIMIT = 0x7FFFFFFF
"""Bytes that protobuf can hold."""
LFS = b"version https://git-lfs.github.com/spec/v1"
_PRINTABLE = bytes(range(32, 127)) + b"\t\r\n\f"
READS = "archlint reads ONNX and YAML"

# what stands at which byte, what it is, and how it becomes ONNX
_MAGIC: tuple[tuple[int, bytes, str, str | None], ...] = (
    (4, b"TFL3", "a TensorFlow Lite model", "python -m tf2onnx.convert --tflite {path} --output new.onnx"),
    (
        0,
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 file, such as Keras writes",
        "python -m tf2onnx.convert --keras {path} --output new.onnx",
    ),
    (4, b"ORTM", "an ONNX Runtime .ort model", "give the ONNX model that it was made from"),
    (0, b"GGUF", "a GGUF file of weights", None),
    (0, b"GGML", "a GGML file of weights", None),
    (0, b"lmgg", "a GGML file of weights", None),
    (0, b"tjgg", "a GGML file of weights", None),
    (0, b"ptrt", "a TensorRT engine", "give the ONNX model that it was built from"),
    (0, b"ftrt", "a TensorRT engine", "give the ONNX model that it was built from"),
    (0, b"\x93NUMPY", "a NumPy array", None),
    (0, b"\x1f\x8b", "a gzip file", "unpack it: gunzip {path}"),
    (0, b"BZh", "a bzip2 file", "unpack it: bunzip2 {path}"),
    (0, b"\xfd7zXZ\x00", "an xz file", "unpack it: unxz {path}"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard file", "unpack it: unzstd {path}"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it"),
    (0, b"Rar!\x1a\x07", "a RAR archive", "unpack it"),
    (257, b"ustar", "a tar archive", "unpack it: tar xf {path}"),
    (0, b"PK\x05\x06", "an empty zip archive", None),
    (0, b"%PDF-", "a PDF document", None),
    (0, b"\x89PNG\r\n", "a PNG image", None),
    (0, b"\xff\xd8\xff", "a JPEG image", None),
    (0, b"\x7fELF", "a program", None),
    (0, b"SQLite format 3\x00", "an SQLite database", None),
)
_TORCH = "in PyTorch, load it yourself and run torch.onnx.export(model, inputs, 'model.onnx')"
_LEGACY_TORCH = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_OLD_PICKLE = re.compile(rb"[}\](]q\x00|\([dl]p\d+\n|c[A-Za-z_.]+\n[A-Za-z_]+\n[pq(]")
"""How pickles of the protocols 0 and 1, which have no magic, begin."""
_HTML = re.compile(rb"\s*(<!--.{0,200}?-->\s*)?<(!doctype\s+html|html|head|body)", re.IGNORECASE | re.DOTALL)
_OID = re.compile(rb"^oid sha256:([0-9a-f]{8})[0-9a-f]*\s*$", re.MULTILINE)
_SIZE = re.compile(rb"^size (\d{1,18})\s*$", re.MULTILINE)


def refuse(head: bytes, size: int, path: str) -> None:
    """Raises `LoadError` when the first bytes of a file say that it is no model of any kind."""
    if not size:
        text = path.endswith((".yaml", ".yml"))
        notes = () if text else ("onnx.load would accept it as a model with no nodes",)
        raise LoadError("IO003", "file is empty (0 bytes)", notes=notes)
    _refuse_pointer(head, size, path)
    start = head.removeprefix(b"\xef\xbb\xbf")
    if _HTML.match(start):
        shown = start.lstrip()[:15].decode("ascii", "replace")
        raise LoadError(
            "IO004",
            f"this is an HTML page ('{shown}…'), probably a saved web page or login screen "
            "instead of the download",
            help="download the file itself (its raw or resolve address)",
        )
    for offset, magic, what, advice in _MAGIC:
        if head.startswith(magic, offset):
            raise _kind(what, _shown(magic, offset), advice and advice.format(path=path))
    if head.startswith(b"PK\x03\x04"):
        raise _archive(head)
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05" and len(head) > 2:
        what = "a PyTorch checkpoint" if head[2:].startswith(_LEGACY_TORCH) else "a Python pickle"
        raise _kind(f"{what}, which is a program and is never unpickled", _shown(head[:2], 0), _TORCH)
    if _OLD_PICKLE.match(head):
        raise _kind("a Python pickle, which is a program and is never unpickled", None, _TORCH)
    length = int.from_bytes(head[:8], "little")
    if head[8:9] == b"{" and 2 <= length <= size - 8 and re.match(rb'\{\s*["}]', head[8:64]):
        raise _kind("a safetensors file: weights without a graph", None, None)
    if start.lstrip().startswith(b"<?xml") or re.match(rb"\s*<net\s", start):
        if b"<net" in start:
            advice = "give the ONNX model that it was converted from"
            raise _kind("an OpenVINO model", None, advice)
        raise _kind("an XML document", None, None)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _kind("UTF-16 text", None, None)
    if size <= SIZE_LIMIT and not head.strip(b"\0"):
        message = f"file begins with {len(head):,} zero bytes: an unfinished download or a sparse file"
        raise LoadError("IO006", message)


def unlikely(data: bytes | mmap.mmap, path: str) -> str | None:
    """What a file may be that parses as protobuf, but holds no ONNX graph."""
    head = data[:HEAD]
    if path.endswith((".mlmodel", ".mlpackage")) or _core_ml(data):
        return "a Core ML model"
    if path.endswith("saved_model.pb") or head.startswith(b"\x08\x01\x12"):
        return "a TensorFlow SavedModel"
    if head.startswith(b"\x0a") and (b"Placeholder" in head or b"Const" in head):
        return "a frozen TensorFlow graph"
    return "plain text" if plain_text(head) else None


def _core_ml(data: bytes | mmap.mmap) -> bool:
    """True for a version, then a description, then a field that Core ML numbers from 200 on."""
    if data[:1] != b"\x08" or data[2:3] != b"\x12":
        return False
    at = 2
    for _ in range(8):
        key, at = _varint(data, at)
        number, after = _varint(data, at)
        if key & 7 not in (0, 2):
            return False
        if key >> 3 >= 200 and key & 7:
            return True
        at = after + number if key & 7 else after
    return False


def _varint(data: bytes | mmap.mmap, at: int) -> tuple[int, int]:
    """A number of at most five bytes, 0 where there is none, and the place behind it."""
    value = 0
    for shift in range(0, 35, 7):
        byte = data[at : at + 1]
        at += 1
        value |= (byte[0] & 0x7F if byte else 0) << shift
        if not byte or byte[0] < 0x80:
            break
    return value, at


def plain_text(head: bytes) -> bool:
    """True for bytes that are all printable ASCII."""
    return not head.translate(None, _PRINTABLE)


def lfs_pointer(head: bytes) -> str | None:
    """``oid 4d7a2146…, 97.8 MB`` for the contents of a Git LFS pointer, else None."""
    if not head.startswith(LFS):
        return None
    oid, size = _OID.search(head), _SIZE.search(head)
    parts = [f"oid {oid[1].decode()}…"] if oid else []
    if size:
        parts.append(size_text(int(size[1])))
    return ", ".join(parts) or "without oid and size"


def _refuse_pointer(head: bytes, size: int, path: str) -> None:
    if size > HEAD or b"git-lfs.github.com/spec" not in head:
        return
    conflict = re.search(rb"^(<{7}|={7}|>{7})", head, re.MULTILINE)
    if conflict:
        line = head.count(b"\n", 0, conflict.start()) + 1
        message = "Git LFS pointer has conflict markers; resolve and 'git add' it again"
        raise LoadError("IO002", message, line=line)
    pointer = lfs_pointer(head)
    if pointer is not None:
        raise LoadError(
            "IO001",
            f"this is a Git LFS pointer, not the model ({pointer})",
            help=f"run 'git lfs pull --include={path}'; in GitHub Actions use actions/checkout with lfs: true",
        )


def _archive(head: bytes) -> LoadError:
    name = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    if name.endswith((b"data.pkl", b"constants.pkl", b".pkl")) or b"/data.pkl" in head:
        return _kind(
            "a PyTorch archive, which holds a pickle and is never unpickled", "'PK' at byte 0", _TORCH
        )
    if name in {b"metadata.json", b"config.json", b"model.weights.h5"}:
        return _kind(
            "a Keras archive", "'PK' at byte 0", "in Keras: model.export('model.onnx', format='onnx')"
        )
    if name.endswith(b".npy"):
        return _kind("a NumPy archive of weights", "'PK' at byte 0", None)
    return _kind("a zip archive", "'PK' at byte 0", "unpack it")


def _kind(what: str, magic: str | None, advice: str | None) -> LoadError:
    seen = f" (magic {magic})" if magic else ""
    return LoadError("IO005", f"this is {what}{seen}, {READS}", help=advice)


def _shown(magic: bytes, offset: int) -> str:
    shown = magic.decode("latin-1")
    clear = shown if shown.isascii() and shown.isprintable() else magic.hex(" ")
    return f"'{clear}' at byte {offset}"
