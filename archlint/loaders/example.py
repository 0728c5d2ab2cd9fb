"""YAML as it stands in the documentation of a rule, read by the same loader as a user's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.loaders.yaml_document import read_document
from archlint.loaders.yaml_lower import Lowering
from archlint.loaders.yaml_text import Text

if TYPE_CHECKING:
    from archlint.loaders.shaper import ShaperFactory
    from archlint.model import Model


def parse_example(text: str, shaper: ShaperFactory | None = None) -> Model:
    """The model of an example; raises `LoadError`.

    Beside whole documents, with or without the ``archlint:`` header, it takes a single layer
    (``{op: Conv, kernel_shape: [1, 1]}``) and a list of layers. What these read and nothing gives
    becomes an input of unknown shape. A document that declares ``inputs`` may name tensors that
    nothing makes, and layers that come later: rules have such defects as examples.
    """
    data = text.encode("utf-8", "surrogatepass")
    document = read_document(Text.decode("example.arch.yaml", data), example=True)
    return Lowering(document, ".", shaper, example=True).model(len(data))
