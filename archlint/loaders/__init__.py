"""Loaders: files become models. Only they know ONNX's protobuf and YAML's text."""

from archlint.loaders.load import load
from archlint.loaders.options import Limits, Options

__all__ = ["Limits", "Options", "load"]
