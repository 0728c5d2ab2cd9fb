"""`Incremental`: propagation over a graph that is still being built, one node at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.analyses.shapes import Propagation, Scope
from archlint.model import Graph, Model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archlint.model import Fact, Node, Weight


class Incremental:
    """Facts of a growing graph; a loader asks it for the shape that comes into a layer."""

    def __init__(self, inputs: Mapping[str, Fact], opsets: Mapping[str, int]) -> None:
        empty = Model("", "", Graph("", [], {}, {}, {}), dict(opsets))
        self._propagation = Propagation(empty)
        self._facts = dict(inputs)
        self._opsets = opsets

    def take(self, node: Node, weights: Mapping[str, Weight]) -> None:
        """Propagate ``node``, whose inputs are known, given the graph's weights."""
        own = {name: weights[name] for name in node.inputs if name in weights}
        scope = Scope((), Graph("", [node], {}, {}, own), self._facts, self._opsets)
        self._propagation.walk(scope)

    def fact(self, name: str) -> Fact:
        """What is known of a tensor so far."""
        return Scope((), self._propagation.model.graph, self._facts, self._opsets).fact(name)

    @property
    def sound(self) -> bool:
        """False once a node contradicted its inputs."""
        return all(d.error.severity == "info" for d in self._propagation.defects.values())
