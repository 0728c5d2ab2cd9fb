"""YAML text (``*.arch.yaml``) to `Model`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from archlint.loaders.yaml_document import read_document
from archlint.loaders.yaml_lower import Lowering
from archlint.loaders.yaml_text import Text

if TYPE_CHECKING:
    from archlint.loaders.options import Limits
    from archlint.loaders.shaper import ShaperFactory
    from archlint.model import Model


def load_yaml(
    path: str, data: bytes, shaper: ShaperFactory | None = None, limits: Limits | None = None
) -> Model:
    """The model written in YAML; raises `LoadError` with line and column.

    ``shaper`` follows shapes while the layers are read, so that a layer which gives only
    ``out_channels`` gets the weight its input asks for; without one such a weight stays open
    unless the layer says ``in_channels``.
    """
    document = read_document(Text.decode(path, data), limits)
    folder = os.path.dirname(os.path.abspath(path))
    return Lowering(document, folder, shaper, example=False).model(len(data))
