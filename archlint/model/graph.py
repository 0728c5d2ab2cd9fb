"""The model as a graph: operators are nodes, tensors are edges, bodies are graphs of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archlint.model.fact import UNKNOWN
from archlint.model.place import Place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import networkx as nx

    from archlint.model.fact import Fact
    from archlint.model.weight import Weight


@dataclass(frozen=True, slots=True, eq=False)
class Port:
    """A graph input or output: the pseudo-node that gives every tensor both ends."""

    kind: str
    name: str

    @property
    def label(self) -> str:
        """The tensor's name."""
        return self.name


@dataclass(eq=False, slots=True)
class Node:
    """One operator of a graph.

    ``inputs`` and ``outputs`` are tensor names, ``""`` where an optional one is left out.
    ``attrs`` holds Python values (int, float, str, bytes, tuple, `Weight`, `Graph`); ``index`` is
    the position in the file.
    """

    op_type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    domain: str = ""
    overload: str = ""
    index: int = 0
    line: int | None = None
    column: int | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    graph: Graph = field(default=None, repr=False)  # type: ignore[assignment]

    @property
    def kind(self) -> str:
        """Operator type with its domain, ``com.microsoft::FusedConv``; no domain for ai.onnx."""
        return f"{self.domain}::{self.op_type}" if self.domain else self.op_type

    @property
    def label(self) -> str:
        """The name, or for a nameless node its position: ``#12``."""
        return self.name or f"#{self.index}"

    @property
    def bodies(self) -> dict[str, Graph]:
        """Subgraphs held in attributes, by attribute name."""
        if not self.attrs:
            return {}
        return {k: v for k, v in self.attrs.items() if isinstance(v, Graph)}

    def at(self, subject: str | None = None) -> Place:
        """This node, or the attribute, input, output or initializer ``subject`` of it."""
        return Place(self.graph, self, subject, self.line)

    def input(self, slot: int) -> str:
        """Name of the tensor read at ``slot``; ``""`` when that input is left out."""
        return self.inputs[slot] if slot < len(self.inputs) else ""

    def producer(self, slot: int = 0) -> Node | None:
        """The node of the same graph that makes input ``slot``; None for anything else."""
        return self.graph.producers.get(self.input(slot))

    def output(self, slot: int = 0) -> str:
        """Name of the tensor made at ``slot``; ``""`` when that output is left out."""
        return self.outputs[slot] if slot < len(self.outputs) else ""

    def source(self, passing: Collection[str], slot: int = 0) -> tuple[Node | None, str]:
        """Maker and name of input ``slot``, seen through operators of ai.onnx that are ``passing``."""
        name, maker = self.input(slot), self.producer(slot)
        seen: set[int] = set()
        while maker is not None and maker.kind in passing and id(maker) not in seen:
            seen.add(id(maker))
            name, maker = maker.input(0), maker.producer(0)
        return maker, name

    def readers(self, slot: int = 0) -> list[Node]:
        """Nodes that read output ``slot``, once for each use; captures by a body included."""
        name = self.output(slot)
        return [node for node, _ in self.graph.uses.get(name, ())] if name else []

    def sole_reader(self, slot: int = 0) -> Node | None:
        """The only use of output ``slot``; None when it is read twice, or leaves the graph."""
        readers = self.readers(slot)
        private = len(readers) == 1 and self.outputs[slot] not in self.graph.outputs
        return readers[0] if private else None

    def integer(self, name: str, default: int | None = None) -> int | None:
        """An attribute as an int: ``default`` when absent, None when it is anything else."""
        value = self.attrs.get(name, default)
        return value if isinstance(value, int) else None

    def integers(self, name: str, default: tuple[int, ...] | None = None) -> tuple[int, ...] | None:
        """An attribute as ints: ``default`` when absent, None when it is anything else."""
        value = self.attrs.get(name, default)
        right = isinstance(value, (tuple, list)) and all(isinstance(v, int) for v in value)
        return tuple(value) if value is not None and right else None

    def number(self, name: str, default: float | None = None) -> float | None:
        """An attribute as a float: ``default`` when absent, None when it is anything else."""
        value = self.attrs.get(name, default)
        return float(value) if isinstance(value, (int, float)) else None

    def text(self, name: str, default: str | None = None) -> str | None:
        """An attribute as a string: ``default`` when absent, None when it is anything else."""
        value = self.attrs.get(name, default)
        return value if isinstance(value, str) else None


@dataclass(eq=False)
class Graph:
    """Operators in file order, the tensors between them, and the weights they read.

    ``inputs`` and ``outputs`` map names to declared facts in order; ``value_info`` holds what the
    file declares about inner tensors. A body sees its parent's tensors through ``parent``.
    """

    name: str
    nodes: list[Node]
    inputs: dict[str, Fact]
    outputs: dict[str, Fact]
    weights: dict[str, Weight]
    value_info: dict[str, Fact] = field(default_factory=dict)
    parent: Graph | None = None
    owner: Node | None = None
    label: str = ""
    duplicates: list[tuple[str, str, str]] = field(default_factory=list)
    """Names given twice: (tensor, first producer, second producer)."""

    def __post_init__(self) -> None:
        self.producers: dict[str, Node] = {}
        self.holders: list[Node] = []
        producers = self.producers
        for node in self.nodes:
            node.graph = self
            for name in node.outputs:
                if name and name not in producers and name not in self.inputs and name not in self.weights:
                    producers[name] = node
            if node.attrs and (bodies := node.bodies):
                self.holders.append(node)
                for label, body in bodies.items():
                    body.parent, body.owner, body.label = self, node, label

    @cached_property
    def nx(self) -> nx.MultiDiGraph[Any]:
        """The networkx graph: `Node` and `Port` objects joined by one edge per use of a tensor.

        The key of an edge is ``(tensor, slot)``; weights are not edges. A body's use of an outer
        tensor is an edge to the node that owns the body, with slot ``None``.
        """
        import networkx

        graph: nx.MultiDiGraph[Any] = networkx.MultiDiGraph()
        ports = {name: Port("Input", name) for name in self.inputs if name not in self.weights}
        graph.add_nodes_from(ports.values())
        graph.add_nodes_from(self.nodes)
        source: dict[str, Node | Port] = {**ports, **self.producers}
        edges: list[Any] = []
        for node in self.nodes:
            for slot, name in enumerate(node.inputs):
                start = source.get(name)
                if start is not None:
                    edges.append((start, node, (name, slot), {}))
        for node in self.holders:
            edges += [(source[n], node, (n, None), {}) for n in self.captured(node) if n in source]
        for name in self.outputs:
            end = Port("Output", name)
            graph.add_node(end)
            if name in source:
                edges.append((source[name], end, (name, 0), {}))
        graph.add_edges_from(edges)
        return graph

    def captured(self, node: Node) -> list[str]:
        """Outer tensors that the bodies of ``node`` read, in order of first use."""
        bodies = list(node.bodies.values())
        return bodies[0].free if len(bodies) == 1 else list(dict.fromkeys(n for b in bodies for n in b.free))

    @cached_property
    def free(self) -> list[str]:
        """Tensors that this body reads and that neither it nor its inputs define, in order of use."""
        for body in reversed(list(self.walk())):  # innermost first, so that no call goes deeper
            if "free" not in body.__dict__:
                body.__dict__["free"] = _reads_outside(body)
        found: list[str] = self.__dict__["free"]
        return found

    @cached_property
    def order(self) -> list[Node]:
        """The nodes in an order of execution, file order where that is one; cycles left out."""
        if self.written_in_order:
            return self.nodes
        import networkx

        waiting = dict(self.nx.in_degree())
        try:
            found = list(networkx.lexicographical_topological_sort(self.nx, key=_position))
        except networkx.NetworkXUnfeasible:
            found = []
            ready = [n for n, degree in waiting.items() if not degree]
            while ready:
                item = ready.pop()
                found.append(item)
                for after in self.nx.successors(item):
                    waiting[after] -= self.nx.number_of_edges(item, after)
                    if not waiting[after]:
                        ready.append(after)
        return [n for n in found if isinstance(n, Node)]

    @cached_property
    def written_in_order(self) -> bool:
        """True when no node reads a tensor that a later node of this graph makes."""
        producers = self.producers
        seen: set[str] = set()
        for node in self.nodes:
            reads = (*node.inputs, *self.captured(node)) if node.attrs and node.bodies else node.inputs
            for name in reads:
                if name not in seen and name in producers:
                    return False
            seen.update(node.outputs)
        return True

    @cached_property
    def uses(self) -> dict[str, list[tuple[Node, int | None]]]:
        """Readers of each tensor as (node, slot); slot None for a capture by a body."""
        found: dict[str, list[tuple[Node, int | None]]] = {}
        for node in self.nodes:
            for slot, name in enumerate(node.inputs):
                if name:
                    found.setdefault(name, []).append((node, slot))
            if node.attrs and node.bodies:
                for name in self.captured(node):
                    found.setdefault(name, []).append((node, None))
        return found

    def everywhere(self, name: str) -> Iterator[tuple[Node, int]]:
        """Uses of tensor ``name`` as (node, slot), here and in the bodies that see it."""
        for node, slot in self.uses.get(name, ()):
            if slot is not None:
                yield node, slot
                continue
            for body in node.bodies.values():
                if name not in body.inputs and name not in body.weights and name not in body.producers:
                    yield from body.everywhere(name)

    def at(self, subject: str | None = None) -> Place:
        """This graph, or the input, output or initializer ``subject`` of it."""
        return Place(self, None, subject)

    def declared(self, name: str) -> Fact | None:
        """What the file says about tensor ``name``, checked but never assumed."""
        return self.outputs.get(name) or self.value_info.get(name) or self.inputs.get(name)

    def weight(self, name: str) -> Weight | None:
        """The stored tensor ``name``, looked up through the enclosing graphs."""
        graph: Graph | None = self
        while graph is not None:
            if name in graph.weights:
                return graph.weights[name]
            if name in graph.producers or name in graph.inputs:
                return None
            graph = graph.parent
        return None

    def knows(self, name: str) -> bool:
        """True when ``name`` is made or given here or in an enclosing graph."""
        graph: Graph | None = self
        while graph is not None:
            if name in graph.producers or name in graph.inputs or name in graph.weights:
                return True
            graph = graph.parent
        return False

    def walk(self) -> Iterator[Graph]:
        """This graph and every body below it, outermost first."""
        stack = [self]
        while stack:
            graph = stack.pop()
            yield graph
            stack += [b for node in reversed(graph.holders) for b in node.bodies.values()]


def _reads_outside(graph: Graph) -> list[str]:
    used: dict[str, None] = {}
    for node in graph.nodes:
        used.update(dict.fromkeys(node.inputs))
        for inner in node.bodies.values() if node.attrs else ():
            used.update(dict.fromkeys(inner.free))
    used.update(dict.fromkeys(graph.outputs))
    made = graph.producers
    return [n for n in used if n and n not in made and n not in graph.inputs and n not in graph.weights]


def _position(item: Node | Port) -> tuple[int, int]:
    return (0, item.index) if isinstance(item, Node) else (-1 if item.kind == "Input" else 1, 0)


@dataclass(eq=False)
class Function:
    """A model-local function: an operator whose definition travels with the model.

    ``attributes`` maps names to defaults (None where required); attribute references inside the
    body are `AttributeReference` values.
    """

    domain: str
    name: str
    overload: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    opsets: dict[str, int]
    graph: Graph

    def __post_init__(self) -> None:
        # a rule that asks the body for its ends finds them, whichever loader made it
        if not self.graph.inputs:
            self.graph.inputs = dict.fromkeys(self.inputs, UNKNOWN)
            for name in self.inputs:
                self.graph.producers.pop(name, None)
        if not self.graph.outputs:
            self.graph.outputs = dict.fromkeys(self.outputs, UNKNOWN)


@dataclass(frozen=True, slots=True)
class AttributeReference:
    """An attribute in a function body that takes the caller's value of ``name``."""

    name: str


@dataclass(eq=False)
class Model:
    """A loaded model: its main graph, functions, opset versions and where it came from."""

    path: str
    format: str
    graph: Graph
    opsets: dict[str, int]
    functions: dict[tuple[str, str, str], Function] = field(default_factory=dict)
    ir_version: int | None = None
    producer: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    source: str | None = None
    """Text of a YAML model, for findings that show the line."""
    nbytes: int | None = None
    beside: tuple[str, ...] | None = None
    """Paths of the files that hold external data, whether they exist or not; None when unknown."""
    problems: list[Any] = field(default_factory=list)
    """`LoadError` s that did not stop the analysis (external data that is missing...)."""

    def graphs(self) -> Iterator[Graph]:
        """Every graph: the main one, its bodies, the functions' and theirs."""
        yield from self.graph.walk()
        for function in self.functions.values():
            yield from function.graph.walk()
