"""The model: graph, nodes, facts about tensors, lazily read weights."""

from archlint.model.fact import UNKNOWN, Fact, Scalar, Shape, fully_known, shape_text, unknown_dims
from archlint.model.graph import AttributeReference, Function, Graph, Model, Node, Port
from archlint.model.place import SEVERITIES, Draft, Place
from archlint.model.reading import Reading
from archlint.model.weight import Source, Statistics, Weight

__all__ = [
    "SEVERITIES",
    "UNKNOWN",
    "AttributeReference",
    "Draft",
    "Fact",
    "Function",
    "Graph",
    "Model",
    "Node",
    "Place",
    "Port",
    "Reading",
    "Scalar",
    "Shape",
    "Source",
    "Statistics",
    "Weight",
    "fully_known",
    "shape_text",
    "unknown_dims",
]
