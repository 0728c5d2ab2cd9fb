"""The closed table of familiar layer names, and the short spellings of ONNX attributes.

A name of this table means what it means in PyTorch (a pool's stride is its kernel, an average
counts the padding); an ONNX name means what ONNX says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archlint.loaders.yaml_fields import Fields, shown
from archlint.loaders.yaml_tree import Scalar, Sequence

if TYPE_CHECKING:
    from archlint.loaders.yaml_document import Layer
    from archlint.loaders.yaml_tree import Item


@dataclass(frozen=True, slots=True)
class Alias:
    """What a familiar name stands for.

    ``axes`` is the number of spatial axes the name says, ``keys`` are keys that the layer has
    beside those of the ONNX operator, ``attributes`` are set unless given.
    """

    op_type: str
    axes: int | None = None
    keys: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    strides_by_kernel: bool = False


ALIASES: dict[str, Alias] = {
    "Linear": Alias("Gemm", keys=("in_features", "out_features", "bias")),
    "Embedding": Alias("Gather", keys=("num_embeddings", "embedding_dim")),
    "LayerNorm": Alias("LayerNormalization", keys=("normalized_shape",)),
    "ReLU": Alias("Relu"),
    "SiLU": Alias("Sigmoid"),
    "GELU": Alias("Gelu"),
}
for _n in (1, 2, 3):
    ALIASES |= {
        f"Conv{_n}d": Alias("Conv", _n),
        f"ConvTranspose{_n}d": Alias("ConvTranspose", _n),
        f"BatchNorm{_n}d": Alias("BatchNormalization", keys=("num_features",)),
        f"MaxPool{_n}d": Alias("MaxPool", _n, strides_by_kernel=True),
        f"AvgPool{_n}d": Alias(
            "AveragePool", _n, attributes={"count_include_pad": 1}, strides_by_kernel=True
        ),
        f"AdaptiveAvgPool{_n}d": Alias("GlobalAveragePool", _n, ("output_size",)),
    }

_WINDOW = {
    "kernel": ("kernel_shape",),
    "stride": ("strides",),
    "pad": ("pads", "auto_pad"),
    "dilation": ("dilations",),
}
SUGAR: dict[str, dict[str, tuple[str, ...]]] = {
    "Conv": {**_WINDOW, "groups": ("group",)},
    "ConvTranspose": {**_WINDOW, "groups": ("group",)},
    "MaxPool": _WINDOW,
    "AveragePool": {k: v for k, v in _WINDOW.items() if k != "dilation"},
    "LpPool": _WINDOW,
    "BatchNormalization": {"eps": ("epsilon",)},
    "InstanceNormalization": {"eps": ("epsilon",)},
    "LayerNormalization": {"eps": ("epsilon",)},
    "GroupNormalization": {"eps": ("epsilon",), "groups": ("num_groups",)},
    "Dropout": {"p": ("ratio",)},
}
"""Short keys by operator, each with the ONNX spellings that say the same."""

SHAPE_KEYS: dict[str, tuple[str, ...]] = {
    "Conv": ("out_channels", "filters", "in_channels", "bias"),
    "ConvTranspose": ("out_channels", "filters", "in_channels", "bias"),
    "BatchNormalization": ("num_features",),
    "InstanceNormalization": ("num_features",),
    "GroupNormalization": ("num_channels",),
    "LSTM": ("input_size", "bias"),
    "GRU": ("input_size", "bias"),
    "RNN": ("input_size", "bias"),
}
"""Keys that decide the shapes of derived weights."""


class Windows(Fields):
    """Reads the short keys of operators with a sliding window."""

    def axes(self, layer: Layer, rank: int | None) -> int | None:
        """Spatial axes of a layer: by its name, by a list it gives, by the rank that comes in."""
        alias = ALIASES.get(layer.written)
        if alias is not None and alias.axes is not None:
            return alias.axes
        for key in ("kernel", "kernel_shape", "stride", "strides", "dilation", "dilations"):
            item = layer.fields.get(key)
            if isinstance(item, Sequence):
                return len(item.items)
        return rank - 2 if rank is not None and rank > 2 else None

    def window(self, layer: Layer, axes: int | None) -> dict[str, Any]:
        """ONNX attributes of the short keys that ``layer`` has."""
        found: dict[str, Any] = {}
        for short, onnx in _WINDOW.items():
            item = layer.fields.get(short)
            if item is None or short not in SUGAR.get(layer.op_type, {}):
                continue
            what = f"'{short}' of {layer.title}"
            if short != "pad":
                found[onnx[0]] = self._each(item, axes, what, 1)
            elif isinstance(item, Scalar) and isinstance(item.value, str):
                word = item.value.lower()
                if word not in ("same", "valid"):
                    raise self.wrong(item, "an int, a list, 'same' or 'valid'", what)
                found["auto_pad"] = "SAME_UPPER" if word == "same" else "VALID"
            else:
                found["pads"] = self._pads(item, axes, what)
        if "groups" in layer.fields and "groups" in SUGAR.get(layer.op_type, {}):
            item = layer.fields["groups"]
            name = SUGAR[layer.op_type]["groups"][0]
            found[name] = self.integer(item, f"'groups' of {layer.title}", 1)
        alias = ALIASES.get(layer.written)
        if alias is not None and alias.strides_by_kernel and not {"stride", "strides"} & layer.fields.keys():
            kernel = found.get("kernel_shape")
            if kernel is None and "kernel_shape" in layer.fields:
                kernel = self.integers(layer.fields["kernel_shape"], "'kernel_shape'", 1)
            if kernel is not None:
                found["strides"] = kernel
        return found

    def _each(self, item: Item, axes: int | None, what: str, minimum: int) -> tuple[int, ...]:
        """One int for every axis: a list of them, or one that holds for all."""
        if isinstance(item, Sequence):
            values = self.integers(item, what, minimum)
            if axes is not None and len(values) != axes:
                message = f"{what} has {len(values)} entries, the window has {axes} axes"
                raise self.text.error("YML002", message, item)
            return values
        value = self.integer(item, what, minimum)
        if axes is None:
            message = f"{what}: how many axes the window has is not known here"
            hint = f"write one number for each axis, such as [{shown(item)}, {shown(item)}]"
            raise self.text.error("YML015", message, item, hint)
        return (value,) * axes

    def _pads(self, item: Item, axes: int | None, what: str) -> tuple[int, ...]:
        """Begins, then ends: from one number, one for each axis, or all of them."""
        if isinstance(item, Sequence) and axes is not None and len(item.items) == 2 * axes:
            return self.integers(item, what)
        if isinstance(item, Sequence) and axes is None:
            axes = len(item.items)
        return self._each(item, axes, what, 0) * 2
