"""ONNX written as text: its own syntax, protobuf's text form, JSON."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

from archlint.errors import LoadError

if TYPE_CHECKING:
    from archlint.loaders.options import Limits

FORMATS = {
    ".onnxtxt": "onnxtxt",
    ".onnxtext": "onnxtxt",
    ".textproto": "textproto",
    ".pbtxt": "textproto",
    ".prototxt": "textproto",
    ".txtpb": "textproto",
    ".json": "json",
    ".onnxjson": "json",
}
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|#[^\n]*|[][(){}<>]')
_LINE = re.compile(r"\(line: (\d+) column: (\d+)\)")


def to_binary(data: bytes, form: str, limits: Limits) -> bytes:
    """The same model in ONNX's binary form; raises `LoadError` IO006 with the line of the defect."""
    try:
        source = data.decode()
    except UnicodeDecodeError as error:
        raise LoadError("IO006", f"byte {error.start:,} of the text is not UTF-8") from None
    _limit_nesting(source, limits)
    from google.protobuf.message import Message
    from onnx import serialization

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that onnx calls its own text form an experiment
            proto = serialization.registry.get(form).deserialize_proto(data, _empty())
        assert isinstance(proto, Message)
        binary: bytes = proto.SerializeToString()
    except RecursionError:
        raise LoadError("IO010", "the text is nested too deeply") from None
    except Exception as error:  # noqa: BLE001 - onnx's parsers raise errors of many families
        raise _unreadable(form, error) from None
    return binary


def _empty() -> object:
    from onnx import ModelProto

    return ModelProto()


def _limit_nesting(source: str, limits: Limits) -> None:
    """Onnx's own parser is recursive in C++, and would take the process with it."""
    depth = 0
    for token in _TOKEN.finditer(source):
        sign = token[0]
        if sign in "([{<":
            depth += 1
            if depth > 4 * limits.nesting:
                line = source.count("\n", 0, token.start()) + 1
                raise LoadError("IO010", f"the text is nested more than {4 * limits.nesting} deep", line=line)
        elif sign in ")]}>":
            depth = max(0, depth - 1)


def _unreadable(form: str, error: Exception) -> LoadError:
    line = column = None
    message = " ".join(str(error).split())
    if hasattr(error, "GetLine"):
        line, column = error.GetLine(), getattr(error, "GetColumn", int)()
    elif found := _LINE.search(message):
        line, column = int(found[1]), int(found[2])
    kind = {"onnxtxt": "ONNX text", "textproto": "protobuf text", "json": "ONNX JSON"}[form]
    return LoadError("IO006", f"not readable as {kind}: {message[:300]}", line=line, column=column)
