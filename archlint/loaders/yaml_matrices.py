"""Familiar layers that hold a matrix: Linear and Embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.loaders.yaml_shapes import Implied, Request

if TYPE_CHECKING:
    from archlint.loaders.yaml_building import Building
    from archlint.loaders.yaml_document import Layer


def linear(building: Building, layer: Layer, ins: list[str]) -> None:
    """Y = X W^T + b: Gemm for a matrix, MatMul and Add for more axes or an unknown number of them."""
    _check_keys(building, layer, ("in_features", "out_features", "bias"))
    incoming = building.incoming(ins)
    keys = building.shape_keys(layer)
    matrix = incoming.rank == 2
    dtype = building.weight_dtype(incoming)
    explicit = building.stored.explicit(layer, ["W", "B"])
    names: dict[str, str] = {}
    for slot, given in explicit.items():
        if "out_features" in keys:
            message = f"{layer.title}: 'weights' and 'out_features' both give the weights' shape"
            raise building.text.error("YML012", message, layer.key("out_features"), "keep one of them")
        names[slot] = building.explicit(layer, slot, given, dtype, transposed=slot == "W" and not matrix)
    if not explicit and "out_features" in keys:
        request = Request(keys, {}, incoming.shape, building.document.opset, "Gemm")
        out = keys["out_features"]
        shape = (out, request.size("in_features", -1))
        names["W"] = building.implied(layer, Implied("W", shape, "in_features"), dtype, transposed=not matrix)
        if request.bias:
            names["B"] = building.implied(layer, Implied("B", (out,)), dtype)
    building.stored.check_init(layer, list(names))
    if "W" not in names:
        message = f"{layer.title}: 'out_features' is missing"
        raise building.text.error("YML015", message, layer, "write out_features: 10")
    bias = [names["B"]] if "B" in names else []
    if matrix:
        building.node(layer, "Gemm", [*ins, names["W"], *bias], {"transB": 1})
    elif bias:
        product = building.node(layer, "MatMul", [*ins, names["W"]], {}, "matmul")
        building.node(layer, "Add", [product, *bias], {})
    else:
        building.node(layer, "MatMul", [*ins, names["W"]], {})


def embedding(building: Building, layer: Layer, ins: list[str]) -> None:
    """Rows of a table: Gather on axis 0."""
    _check_keys(building, layer, ("num_embeddings", "embedding_dim"))
    keys = building.shape_keys(layer)
    explicit = building.stored.explicit(layer, ["W"])
    if "W" in explicit:
        table = building.explicit(layer, "W", explicit["W"], "float32")
    elif {"num_embeddings", "embedding_dim"} <= keys.keys():
        shape = (keys["num_embeddings"], keys["embedding_dim"])
        table = building.implied(layer, Implied("W", shape), "float32")
    else:
        message = f"{layer.title} needs 'num_embeddings' and 'embedding_dim'"
        raise building.text.error("YML015", message, layer)
    building.stored.check_init(layer, ["W"])
    building.node(layer, "Gather", [table, *ins], {"axis": 0})


def _check_keys(building: Building, layer: Layer, known: tuple[str, ...]) -> None:
    for key in layer.fields:
        if key not in (*known, "in", "init", "weights"):
            raise building.unknown(layer.keys[key], [*known, "in", "init", "weights"], layer.title)
