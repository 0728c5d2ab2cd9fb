"""Shapes of the weights that a layer implies, by operator (ONNX operator pages)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archlint.loaders.yaml_init import GATES
from archlint.symbolic import Dim, Expr, divide_exact, fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archlint.model.fact import Shape


@dataclass(frozen=True, slots=True)
class Implied:
    """A weight that a layer implies.

    ``key`` is the key to give when a dim stays unknown.
    """

    name: str
    shape: tuple[Dim, ...]
    key: str = "in_channels"


@dataclass(frozen=True, slots=True)
class Request:
    """What a layer says about its weights: keys as ints or bools, attributes, the incoming shape."""

    keys: Mapping[str, Any]
    attrs: Mapping[str, Any]
    incoming: Shape | None
    opset: int
    op_type: str

    def size(self, key: str, axis: int) -> Dim:
        """What ``key`` says, or the size of axis ``axis`` of the first input."""
        if key in self.keys:
            return int(self.keys[key])
        shape = self.incoming
        if shape is None or not -len(shape) <= axis < len(shape):
            return fresh()
        return shape[axis]

    @property
    def bias(self) -> bool:
        """True unless the layer says ``bias: false``."""
        return bool(self.keys.get("bias", True))


def convolution(r: Request) -> list[Implied] | None:
    """W ``[C_out, C_in / group, k...]`` and B ``[C_out]``; transposed, W ``[C_in, C_out / group, k...]``."""
    out, kernel = r.keys.get("out_channels"), r.attrs.get("kernel_shape")
    if out is None or kernel is None:
        return None
    group: int = r.attrs.get("group", 1)
    channels = r.size("in_channels", 1)
    shape: tuple[Dim, ...]
    if r.op_type == "Conv":
        # a group that does not divide is left to the analysis: the weight then fits no input either
        shape = (out, _share(channels, group), *kernel)
    else:
        shape = (channels, out // group, *kernel)
    bias = [Implied("B", (out,))] if r.bias else []
    return [Implied("W", shape), *bias]


def _share(channels: Dim, group: int) -> Dim:
    if isinstance(channels, int):
        return channels // group
    share = divide_exact(channels, group)
    return share if share is not None else fresh()


def batch_norm(r: Request) -> list[Implied]:
    """One scale, B, mean and variance for every channel."""
    c = (r.size("num_features", 1),)
    mean, variance = ("input_mean", "input_var") if r.opset >= 14 else ("mean", "var")
    return [
        Implied("scale", c, key="num_features"),
        Implied("B", c, key="num_features"),
        Implied(mean, c, key="num_features"),
        Implied(variance, c, key="num_features"),
    ]


def instance_norm(r: Request) -> list[Implied]:
    """One scale and one B for every channel."""
    c = (r.size("num_features", 1),)
    return [
        Implied("scale", c, key="num_features"),
        Implied("B", c, key="num_features"),
    ]


def group_norm(r: Request) -> list[Implied]:
    """One scale and one bias for every channel; for every group before opset 21."""
    groups = r.attrs.get("num_groups")
    c = (groups if r.opset < 21 and groups is not None else r.size("num_channels", 1),)
    return [
        Implied("scale", c, key="num_channels"),
        Implied("bias", c, key="num_channels"),
    ]


def layer_norm(r: Request) -> list[Implied]:
    """Scale and B over the normalised axes, which start at ``axis``."""
    axis: int = r.attrs.get("axis", -1)
    shape: tuple[Dim, ...]
    if "normalized_shape" in r.keys:
        shape = r.keys["normalized_shape"]
    elif r.incoming is not None and -len(r.incoming) <= axis < len(r.incoming):
        shape = r.incoming[axis:]
    else:
        shape = tuple(fresh() for _ in range(-axis if axis < 0 else 1))
    scale = Implied("Scale", shape, key="normalized_shape")
    bias = Implied("B", shape, key="normalized_shape")
    return [scale, bias] if r.bias else [scale]


def recurrent(r: Request) -> list[Implied] | None:
    """W ``[D, gates * H, I]``, R ``[D, gates * H, H]`` and B ``[D, 2 * gates * H]``."""
    hidden = r.attrs.get("hidden_size")
    if hidden is None:
        return None
    d = 2 if r.attrs.get("direction") == "bidirectional" else 1
    rows = len(GATES[r.op_type]) * hidden
    size = r.size("input_size", -1)
    found = [
        Implied("W", (d, rows, size), key="input_size"),
        Implied("R", (d, rows, hidden)),
    ]
    return [*found, Implied("B", (d, 2 * rows))] if r.bias else found


IMPLIED: dict[str, Callable[[Request], list[Implied] | None]] = {
    "Conv": convolution,
    "ConvTranspose": convolution,
    "BatchNormalization": batch_norm,
    "InstanceNormalization": instance_norm,
    "GroupNormalization": group_norm,
    "LayerNormalization": layer_norm,
    "LSTM": recurrent,
    "GRU": recurrent,
    "RNN": recurrent,
}


def settled(shape: tuple[Dim, ...]) -> tuple[int, ...] | None:
    """The shape in numbers; None while a symbol is left."""
    if any(isinstance(d, Expr) for d in shape):
        return None
    return tuple(int(d) for d in shape)  # type: ignore[arg-type]
