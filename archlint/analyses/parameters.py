"""What a model stores: learned weights, and apart from them statistics, scales, indices, constants."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING

from archlint.analyses.slots import (
    DATA,
    INDEX,
    LEARNED,
    QUANTIZATION,
    SCALAR,
    STATISTIC,
    decides,
    passes,
    role,
)
from archlint.model.dtypes import nbytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.analyses.shapes import Shapes
    from archlint.model import Graph, Model, Node, Weight

INTEGERS = frozenset({"int64", "int32", "bool"})
"""Types in which shapes and indices travel; 8-bit and smaller integers are quantised weights."""


@dataclass(eq=False, slots=True)
class Parameters:
    """Elements of every stored tensor, each stored tensor once however often it is used.

    ``learned`` are the model's parameters. Apart from them: ``statistics`` (running mean and
    variance of BatchNormalization), ``quantization`` (scales and zero points), ``indices``
    (integers that decide shapes, positions and masks) and ``scalars`` (one-element constants of
    formulas, and initial states of recurrent layers). A weight that ConstantOfShape makes counts like one that is stored. ``bytes``
    gives the size of all of it by element type, 4-bit types packed.
    """

    learned: int = 0
    statistics: int = 0
    quantization: int = 0
    indices: int = 0
    scalars: int = 0
    bytes: dict[str, int] = field(default_factory=dict)
    by_node: dict[int, int] = field(default_factory=dict, repr=False)

    def of(self, node: Node) -> int:
        """Parameters that ``node`` is the first to use."""
        return self.by_node.get(id(node), 0)

    @property
    def total_bytes(self) -> int:
        """Bytes of everything stored."""
        return sum(self.bytes.values())


_FIELDS = {
    LEARNED: "learned",
    DATA: "learned",
    STATISTIC: "statistics",
    QUANTIZATION: "quantization",
    INDEX: "indices",
    SCALAR: "scalars",
}


class Inventory:
    """Finds every stored tensor and what it is used as."""

    def __init__(self, model: Model, shapes: Shapes, folded: set[int]) -> None:
        self.model = model
        self.shapes = shapes
        self.result = Parameters()
        self._bytes = Counter[str]()
        self._folded = {id(s.node) for scope in shapes.scopes for s in scope.steps if id(s) in folded}
        self._roles: dict[tuple[int, str], str] = {}
        self._seen: set[int] = set()

    def run(self) -> Parameters:
        """Every graph's weights, then the weights that ConstantOfShape makes."""
        for graph in self.model.graphs():
            for name, weight in graph.weights.items():
                if id(weight) not in self._seen:
                    self._seen.add(id(weight))
                    self._stored(graph, name, weight)
        self._made()
        self.result.bytes = dict(self._bytes)
        return self.result

    def _stored(self, graph: Graph, name: str, weight: Weight) -> None:
        found = self._role(graph, name, weight.dtype)
        if not weight.shape or (weight.numel == 1 and found == DATA):
            found = SCALAR if found in (DATA, LEARNED) else found
        self._count(graph, name, found, weight.numel, weight.dtype)

    def _made(self) -> None:
        for scope in self.shapes.scopes:
            for step in scope.steps:
                if step.node.op_type != "ConstantOfShape" or id(step.node) in self._seen or not step.outs:
                    continue
                fact = step.outs[0]
                if not fact.constant or not fact.shape or not all(isinstance(d, int) for d in fact.shape):
                    continue
                self._seen.add(id(step.node))
                graph, name = scope.graph, step.node.outputs[0]
                found = self._role(graph, name, fact.dtype or "float32")
                if found not in (LEARNED, STATISTIC) and not self._scales(graph, name):
                    continue
                self._count(graph, name, found, prod(d for d in fact.shape if isinstance(d, int)), fact.dtype)

    def _count(self, graph: Graph, name: str, found: str, numel: int, dtype: str | None) -> None:
        kept = _FIELDS[found]
        setattr(self.result, kept, getattr(self.result, kept) + numel)
        size = nbytes(dtype, numel)
        if size and dtype:
            self._bytes[dtype] += size
        if kept == "learned":
            node = self._consumer(graph, name)
            if node is not None:
                self.result.by_node[id(node)] = self.result.by_node.get(id(node), 0) + numel

    def _role(self, graph: Graph, name: str, dtype: str) -> str:
        """What a tensor is used as; the most learned of its uses counts."""
        asked: dict[tuple[int, str], list[str | tuple[Graph, str]]] = {}
        waiting = [(graph, name)]
        while waiting:
            here, tensor = waiting[-1]
            key = id(here), tensor
            if key not in self._roles:
                self._roles[key] = INDEX  # what a cycle meets
                uses = here.uses.get(tensor, [])
                asked[key] = [u for node, slot in uses for u in self._uses(here, tensor, node, slot, dtype)]
                waiting += [
                    u for u in asked[key] if not isinstance(u, str) and (id(u[0]), u[1]) not in self._roles
                ]
                continue
            waiting.pop()
            if key in asked:
                roles = {u if isinstance(u, str) else self._roles[id(u[0]), u[1]] for u in asked.pop(key)}
                if tensor in here.outputs or not roles:
                    roles.add(DATA)
                ranked = (LEARNED, DATA, STATISTIC, QUANTIZATION, SCALAR, INDEX)
                self._roles[key] = next(r for r in ranked if r in roles)
        return self._roles[id(graph), name]

    def _uses(
        self, graph: Graph, name: str, node: Node, slot: int | None, dtype: str
    ) -> Sequence[str | tuple[Graph, str]]:
        """What a tensor is at one use: a role, or the tensors whose role decides."""
        if slot is None:
            return [(b, name) for b in node.bodies.values() if _reads(b, name)]
        function = self.model.functions.get((node.domain, node.op_type, node.overload))
        if function is not None:
            given = function.inputs[slot] if slot < len(function.inputs) else ""
            return [(function.graph, given)] if given in function.graph.uses else []
        found = role(node, slot)
        if found is not None:
            return [found]
        if passes(node, slot) or (dtype in INTEGERS and decides(node)):
            return [(graph, out) for out in node.outputs if out]
        if dtype == "bool":
            return [INDEX]
        return [DATA]

    def _scales(self, graph: Graph, name: str, depth: int = 0) -> bool:
        """True when a made tensor multiplies or shifts another, as an exported scale layer does."""
        for node, slot in graph.uses.get(name, []):
            if slot is not None and node.op_type in ("Mul", "Add") and not node.domain:
                return True
            if slot is not None and depth < 4 and passes(node, slot):
                return any(self._scales(graph, out, depth + 1) for out in node.outputs if out)
        return False

    def _consumer(self, graph: Graph, name: str) -> Node | None:
        """The first node that works with a weight at run time, behind what is folded at load."""
        for _ in range(64):
            uses = graph.uses.get(name)
            if not uses:
                return None
            node, slot = uses[0]
            if slot is None:
                graph = next((b for b in node.bodies.values() if _reads(b, name)), graph)
                if node.graph is graph:
                    return node
                continue
            if id(node) not in self._folded or not node.outputs:
                return node
            name = node.outputs[0]
        return None


def _reads(graph: Graph, name: str) -> bool:
    return name in graph.uses or name in graph.outputs
