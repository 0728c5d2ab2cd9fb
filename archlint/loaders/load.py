"""`load`: one file in, one model out, the format told by name and contents."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from archlint.errors import LoadError

if TYPE_CHECKING:
    from archlint.loaders.options import Options
    from archlint.loaders.shaper import ShaperFactory
    from archlint.model import Model

YAML_SUFFIXES = (".yaml", ".yml")
_YAML = re.compile(rb"(?:\s*(?:#[^\n]*)?\n|---\s)*archlint:")
MAPPED = 16 << 20
"""Bytes from which a file is mapped; below, reading it is quicker."""


def load(
    path: str | os.PathLike[str],
    shaper: ShaperFactory | None = None,
    *,
    options: Options | None = None,
    data: bytes | None = None,
) -> Model:
    """The model in the file ``path``: ONNX in binary or text form, or YAML by its suffix.

    ``shaper`` derives the weights that a YAML layer leaves to its input (see `Shaper`). ``data`` is
    what stands in the file when it is not to be read there. Weights are not read, only found. Raises `LoadError`; what does not stop the analysis is in
    the model's ``problems``.
    """
    from archlint.loaders.files import Held, open_file, size_text
    from archlint.loaders.options import Options
    from archlint.loaders.sniff import HEAD, SIZE_LIMIT, refuse

    options = options or Options()
    name = os.fsdecode(path)
    suffix = os.path.splitext(name)[1].lower()
    if suffix == ".mlpackage" and os.path.isdir(name):
        raise LoadError("IO005", "this is a Core ML package, archlint reads ONNX and YAML")
    file = open_file(name) if data is None else Held(data)
    head = file.read(0, min(HEAD, file.size))
    refuse(head, file.size, name)
    if suffix in YAML_SUFFIXES or (not suffix and _YAML.match(head)):
        from archlint.loaders.yaml import load_yaml

        _limit(file.size, options.limits.yaml_bytes, "YML010")
        return load_yaml(name, file.read(0, file.size), shaper, options.limits)

    from archlint.loaders.onnx import load_onnx
    from archlint.loaders.text import FORMATS, to_binary

    if suffix in FORMATS:
        _limit(file.size, options.limits.text_bytes)
        binary = to_binary(file.read(0, file.size), FORMATS[suffix], options.limits)
        return load_onnx(name, binary, options)
    if file.size > SIZE_LIMIT:
        message = (
            f"{size_text(file.size)} protobuf is over protobuf's 2 GiB limit; re-export with external data"
        )
        raise LoadError("IO010", message)
    if isinstance(file, Held) or file.size < MAPPED:
        return load_onnx(name, file.read(0, file.size), options)
    return load_onnx(name, file.map(), options, file)


def _limit(size: int, limit: int, code: str = "IO010") -> None:
    from archlint.loaders.files import size_text

    if size > limit:
        message = f"{size_text(size)} of text are over the limit of {size_text(limit)}"
        raise LoadError(code, message)
