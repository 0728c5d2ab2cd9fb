"""Loaders: files become models. Only they know ONNX's protobuf and YAML's text."""

from archlint.loaders.load import load

__all__ = ["load"]
