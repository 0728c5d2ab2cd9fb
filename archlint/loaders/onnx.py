"""ONNX in its binary form: skimmed, parsed by protobuf's own parser, then read."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any

from archlint.errors import LoadError
from archlint.loaders.reader import Reader
from archlint.loaders.sniff import HEAD, READS, plain_text, unlikely
from archlint.loaders.tensors import Structure
from archlint.loaders.wire import skim

if TYPE_CHECKING:
    import mmap

    import onnx

    from archlint.loaders.files import File
    from archlint.loaders.options import Options
    from archlint.model import Model

MESSAGES = "archlint_onnx_ml_pb2"
"""The name that the module of onnx's protobuf classes is loaded under when onnx itself is not."""
_TEXT_HELP = "a model in ONNX's text form is named .onnxtxt, in protobuf's .textproto, in JSON .onnxjson"


def load_onnx(path: str, data: bytes | mmap.mmap, options: Options, file: File | None = None) -> Model:
    """The model in ONNX's binary form; raises `LoadError` when it is none.

    ``file`` is where ``data`` comes from when it is not held in memory.
    """
    try:
        skimmed = skim(data, options.limits)
    except LoadError:
        if plain_text(data[:HEAD]):
            raise LoadError("IO005", f"this is plain text, {READS}", help=_TEXT_HELP) from None
        raise
    collecting = gc.isenabled()
    gc.disable()  # a million objects are made and none of them is garbage
    try:
        proto = _parsed(skimmed.structure)
        if not proto.HasField("graph"):
            raise _no_graph(data, path)
        source = data if isinstance(data, bytes) else file
        return Reader(path, options, Structure(source, skimmed.payloads)).model(proto, len(data))
    except MemoryError:
        raise LoadError("IO010", "too large to be held in memory, even without its weights") from None
    finally:
        if collecting:
            gc.enable()


def messages() -> Any:
    """Onnx's protobuf classes alone: the rest of the package takes longer to import than a check."""
    for name in ("onnx", "onnx.onnx_ml_pb2", MESSAGES):
        if name in sys.modules:
            return sys.modules[name]
    package = importlib.util.find_spec("onnx")
    for folder in (package and package.submodule_search_locations) or ():
        path = os.path.join(folder, "onnx_ml_pb2.py")
        spec = importlib.util.spec_from_file_location(MESSAGES, path)
        if spec is not None and spec.loader is not None and os.path.exists(path):
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            sys.modules[MESSAGES] = module
            return module
    import onnx

    return onnx


def _parsed(structure: bytes) -> onnx.ModelProto:
    from google.protobuf.message import DecodeError

    proto: onnx.ModelProto = messages().ModelProto()
    try:
        proto.ParseFromString(structure)
    except DecodeError as error:
        reason = str(error).rpartition(": ")[2]
        deep = "Depth" in reason
        message = (
            "messages are nested more than 100 deep" if deep else "ONNX is damaged: a field is not readable"
        )
        raise LoadError("IO010" if deep else "IO006", message) from None
    return proto


def _no_graph(data: bytes | mmap.mmap, path: str) -> LoadError:
    what = unlikely(data, path)
    if what is not None:
        return LoadError("IO005", f"this is {what}, {READS}", help="give the ONNX model, or export it again")
    return LoadError("IO006", "ONNX holds no graph: cut short, or another kind of file")
