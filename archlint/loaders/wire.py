"""Protobuf's wire format, walked so that the numbers of large tensors are left where they are.

A model is some kilobytes of structure around megabytes or gigabytes of weights. `skim` copies the
structure and puts, in the place of every large payload, a marker that names it; what remains is
small, and goes to the real protobuf parser. A field no longer than `LARGE` is never entered.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.errors import LoadError
from archlint.loaders.files import size_text
from archlint.loaders.sniff import SIZE_LIMIT

if TYPE_CHECKING:
    from archlint.loaders.options import Limits

LARGE = 4096
TOUCHED = 32 << 20
"""Bytes of a mapped file after which the pages that were walked over are given back."""
DEPTH_LIMIT = 100
DONTNEED = getattr(mmap, "MADV_DONTNEED", 4)

Message: TypeAlias = "dict[int, tuple[str, Message | None]]"

_TENSOR: Message = {}
_GRAPH: Message = {}
_ATTRIBUTE: Message = {}
_SPARSE: Message = {0x0A: ("values", _TENSOR), 0x12: ("indices", _TENSOR)}
_NODE: Message = {0x2A: ("attribute", _ATTRIBUTE)}
_FUNCTION: Message = {0x3A: ("node", _NODE), 0x5A: ("attribute_proto", _ATTRIBUTE)}
_TRAINING: Message = {0x0A: ("initialization", _GRAPH), 0x12: ("algorithm", _GRAPH)}
_MODEL: Message = {
    0x3A: ("graph", _GRAPH),
    0xA2: ("training_info", _TRAINING),
    0xCA: ("functions", _FUNCTION),
    0x42: ("opset_import", None),
    0x72: ("metadata_props", None),
}
_TENSOR.update(
    {0x4A: ("raw_data", None), 0x22: ("float_data", None), 0x52: ("double_data", None), 0x42: ("name", None)}
)
_GRAPH.update(
    {
        0x0A: ("node", _NODE),
        0x2A: ("initializer", _TENSOR),
        0x7A: ("sparse_initializer", _SPARSE),
        0x5A: ("input", None),
        0x62: ("output", None),
        0x6A: ("value_info", None),
    }
)
_ATTRIBUTE.update(
    {
        0x2A: ("t", _TENSOR),
        0x32: ("g", _GRAPH),
        0x52: ("tensors", _TENSOR),
        0x5A: ("graphs", _GRAPH),
        0xB2: ("sparse_tensor", _SPARSE),
        0xBA: ("sparse_tensors", _SPARSE),
    }
)
_RAW, _FLOATS, _DOUBLES, _STRINGS = 0x4A, 0x22, 0x52, 0x32
_WIDTH = {_FLOATS: 4, _DOUBLES: 8}
_FIXED = {1: 8, 5: 4}


@dataclass(frozen=True, slots=True)
class Payload:
    """Where the numbers of a tensor stand in the file, and in which field of TensorProto."""

    field: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Skimmed:
    """The structure of a file, and the payloads that were left out of it, by marker."""

    structure: bytes
    payloads: dict[bytes, Payload]


class _Frame:
    """A message that is being copied: where it ends, and what of it is kept so far."""

    __slots__ = ("end", "kept", "kind", "name", "parts", "typed")

    def __init__(self, kind: Message, name: str, end: int) -> None:
        self.kind = kind
        self.name = name
        self.end = end
        self.parts: list[bytes] = []
        self.kept = 0
        self.typed = False

    def take(self, part: bytes) -> None:
        """Append bytes to the copy."""
        self.parts.append(part)
        self.kept += len(part)


def skim(data: bytes | mmap.mmap, limits: Limits, *, large: int = LARGE) -> Skimmed:
    """The structure of the ModelProto in ``data``; raises `LoadError` IO006 where it is damaged.

    Accepts everything that protobuf's own parser accepts. IO010 when the structure is larger than
    ``limits`` allows.
    """
    return _Skim(data, limits, large).run()


class _Skim:
    def __init__(self, data: Any, limits: Limits, large: int) -> None:
        self.data = data
        self.size = len(data)
        self.limits = limits
        self.large = large
        self.secret = os.urandom(16)
        self.payloads: dict[bytes, Payload] = {}
        self.structure = 0

    def run(self) -> Skimmed:
        data, large = self.data, self.large
        drop = getattr(data, "madvise", None) if self.size > TOUCHED else None
        dropped = 0
        budget = self.limits.wire_fields
        stack: list[_Frame] = []
        frame = _Frame(_MODEL, "model", self.size)
        kind, end = frame.kind, frame.end
        pos = start = 0
        while True:
            if pos == end:
                self._keep(frame, start, end)
                if not stack:
                    break
                done, frame = frame, stack.pop()
                frame.take(_varint(done.kept))
                frame.parts += done.parts
                frame.kept += done.kept
                kind, end = frame.kind, frame.end
                start = pos
                continue
            budget -= 1
            if not budget:
                message = f"more than {self.limits.wire_fields:,} protobuf fields, the limit (--max-fields)"
                raise LoadError("IO010", message)
            first = pos
            key = data[pos]
            pos += 1
            if key & 0x87 == 0 and key and pos < end and data[pos] < 0x80:
                pos += 1
                continue
            if key >= 0x80:
                key, pos = self._number(first, end, 5)
            if key & 7 == 2 and key > 7:
                if pos == end:
                    raise self._ends(first, key, frame)
                size = data[pos]
                after = pos + 1
                if size >= 0x80:
                    size, after = self._number(pos, end, 5)
                stop = after + size
                if stop > end or size > SIZE_LIMIT:
                    raise self._overrun(first, key, size, end - after, frame)
                if size <= large:
                    pos = stop
                    continue
                if drop is not None and stop - dropped > TOUCHED:
                    begin = dropped & -65536
                    if pos - begin >= 65536:
                        drop(DONTNEED, begin, (pos & -65536) - begin)
                        dropped = pos
                known = kind.get(key)
                if known is None:
                    pos = stop
                    continue
                if known[1] is not None:
                    self._keep(frame, start, pos)
                    if len(stack) == DEPTH_LIMIT:
                        raise LoadError("IO010", f"messages are nested more than {DEPTH_LIMIT} deep")
                    stack.append(frame)
                    frame = _Frame(known[1], known[0], stop)
                    kind, end = frame.kind, stop
                    pos = start = after
                elif kind is _TENSOR and self._left_out(frame, key, size):
                    self._keep(frame, start, first)
                    self._mark(frame, known[0], after, size)
                    pos = start = stop
                else:
                    pos = stop
                continue
            pos = self._other(first, key, pos, frame, len(stack))
        return Skimmed(b"".join(frame.parts), self.payloads)

    def _keep(self, frame: _Frame, start: int, end: int) -> None:
        """Copy a stretch of the file as it is."""
        if start < end:
            self.structure += end - start
            if self.structure > self.limits.structure_bytes:
                limit = size_text(self.limits.structure_bytes)
                raise LoadError("IO010", f"more than {limit} without its weights, the limit (--max-bytes)")
            frame.take(self.data[start:end])

    def _left_out(self, frame: _Frame, key: int, size: int) -> bool:
        """True for the numbers of a tensor; a second packed field stays, for the reader to see."""
        if key == _RAW:
            return True
        if key not in _WIDTH or size % _WIDTH[key] or frame.typed:
            return False
        frame.typed = True
        return True

    def _mark(self, frame: _Frame, name: str, offset: int, size: int) -> None:
        """Put bytes in the copy that no file can contain, and note what they stand for.

        They stand in ``raw_data`` where a later one replaces them as it would the numbers, or for
        packed numbers in ``string_data``, where nothing does.
        """
        marker = self.secret + len(self.payloads).to_bytes(8, "little")
        self.payloads[marker] = Payload(name, offset, size)
        frame.take(bytes((_RAW if name == "raw_data" else _STRINGS, len(marker))) + marker)

    def _number(self, pos: int, end: int, longest: int) -> tuple[int, int]:
        """A varint of at most ``longest`` bytes and 32 bits, and the position after it."""
        value = shift = 0
        start = pos
        while pos < end and pos - start < longest:
            byte = self.data[pos]
            pos += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >> 32:
                    break
                return value, pos
            shift += 7
        if pos == end:
            raise LoadError("IO006", f"ONNX ends early: a number at byte {start:,} is cut off{_TRUNCATED}")
        raise _no_number(start)

    def _other(self, first: int, key: int, pos: int, frame: _Frame, depth: int) -> int:
        """The position after a field that has no length: a number, a group, or a defect."""
        end = frame.end
        groups: list[int] = []
        while True:
            wire = key & 7
            if key < 8 or wire > 5:
                raise LoadError("IO006", f"ONNX is damaged: no field can start at byte {first:,}")
            if wire == 0:
                stop = min(end, pos + 10)
                while pos < stop and self.data[pos] >= 0x80:
                    pos += 1
                if pos == stop:
                    raise self._ends(first, key, frame) if stop == end else _no_number(first)
                pos += 1
            elif wire == 2:
                if pos == end:
                    raise self._ends(first, key, frame)
                size, pos = self._number(pos, end, 5)
                if size > end - pos or size > SIZE_LIMIT:
                    raise self._overrun(first, key, size, end - pos, frame)
                pos += size
            elif wire == 3:
                groups.append(key >> 3)
                if depth + len(groups) > DEPTH_LIMIT:
                    raise LoadError("IO010", f"protobuf groups are nested more than {DEPTH_LIMIT} deep")
            elif wire == 4:
                if not groups or groups.pop() != key >> 3:
                    raise LoadError("IO006", f"ONNX is damaged: a group ends at byte {first:,} unopened")
            else:
                pos += _FIXED[wire]
                if pos > end:
                    raise self._ends(first, key, frame)
            if not groups:
                return pos
            if pos == end:
                raise self._ends(first, key, frame)
            first = pos
            key, pos = self._number(pos, end, 5)

    def _ends(self, first: int, key: int, frame: _Frame) -> LoadError:
        where = _TRUNCATED if frame.end == self.size else f" in its {frame.name}"
        return LoadError(
            "IO006", f"ONNX ends early: {_field(key, frame)} at byte {first:,} is cut off{where}"
        )

    def _overrun(self, first: int, key: int, size: int, left: int, frame: _Frame) -> LoadError:
        what = f"{_field(key, frame)} at byte {first:,} announces {size:,} bytes"
        if frame.end == self.size:
            return LoadError("IO006", f"ONNX ends early: {what}, file has {left:,} left{_TRUNCATED}")
        return LoadError("IO006", f"ONNX is damaged: {what}, its {frame.name} has {left:,} left")


_TRUNCATED = " (truncated download?)"


def _no_number(first: int) -> LoadError:
    return LoadError("IO006", f"ONNX is damaged: no readable number at byte {first:,}")


def _field(key: int, frame: _Frame) -> str:
    """``field 7 (graph)``."""
    known = frame.kind.get(key)
    return f"field {key >> 3} ({known[0]})" if known else f"field {key >> 3}"


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
