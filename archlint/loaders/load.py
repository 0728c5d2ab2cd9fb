"""`load`: one file in, one model out, the format told by name and contents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archlint.loaders.shaper import ShaperFactory
    from archlint.model import Model

YAML_SUFFIXES = (".yaml", ".yml")


def load(path: str | os.PathLike[str], shaper: ShaperFactory | None = None) -> Model:
    """The model in the file ``path`` (ONNX, or YAML by its suffix); raises `LoadError`.

    ``shaper`` derives the weights that a YAML layer leaves to its input (see `Shaper`).
    """
    from archlint.loaders.sniff import read

    name = os.fspath(path)
    data = read(name)
    if name.endswith(YAML_SUFFIXES):
        from archlint.loaders.yaml import load_yaml

        return load_yaml(name, data, shaper)
    from archlint.loaders.onnx import load_onnx

    return load_onnx(name, data)
