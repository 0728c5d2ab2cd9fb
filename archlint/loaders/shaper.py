"""`Shaper`: how a loader asks for the shape of a tensor while it is still building the model.

A layer such as ``{op: Conv, out_channels: 64, kernel: 3}`` leaves the shape of its weight to what
comes in. Propagation lives above the loaders, so whoever loads hands it in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archlint.model import Fact, Node, Weight


class Shaper(Protocol):
    """Facts of a graph that grows node by node."""

    def take(self, node: Node, weights: Mapping[str, Weight]) -> None:
        """Propagate one more node, whose inputs are known, given the graph's weights."""
        ...

    def fact(self, name: str) -> Fact:
        """What is known of a tensor so far."""
        ...

    @property
    def sound(self) -> bool:
        """False once a node contradicted its inputs: what follows is unknown for that reason."""
        ...


class ShaperFactory(Protocol):
    """Starts a `Shaper` from the model's inputs and opset versions."""

    def __call__(self, inputs: Mapping[str, Fact], opsets: Mapping[str, int]) -> Shaper: ...
