"""The graph is right whatever the file says: shuffled, cyclic, nested, named twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlint.model import Fact, Graph, Node, Port

NAMES = st.sampled_from(["", "a", "b", "cd", "ef", "g", "x", "w"])


def bodies(inner: st.SearchStrategy[Graph]) -> st.SearchStrategy[Graph]:
    return graphs(st.dictionaries(st.sampled_from(["then_branch", "else_branch"]), inner, max_size=2))


def graphs(attrs: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Graph]:
    tuples = st.lists(NAMES, max_size=3).map(tuple)
    node = st.tuples(tuples, tuples, attrs)
    return st.builds(
        lambda nodes, ins, outs, weights: Graph(
            "g",
            [Node("Op", i, o, a, index=at) for at, (i, o, a) in enumerate(nodes)],
            dict.fromkeys(filter(None, ins), Fact()),
            dict.fromkeys(filter(None, outs), Fact()),
            dict.fromkeys(filter(None, weights)),  # type: ignore[arg-type]
        ),
        st.lists(node, max_size=6),
        tuples,
        tuples,
        tuples,
    )


ANY_GRAPH = st.recursive(graphs(st.just({})), bodies, max_leaves=4)


def read_from_outside(graph: Graph) -> set[str]:
    """The definition, by recursion: what is read below and made or given nowhere on the way."""
    used = set(graph.outputs) | {n for node in graph.nodes for n in node.inputs}
    for node in graph.nodes:
        for body in node.bodies.values():
            used |= read_from_outside(body)
    made = {n for node in graph.nodes for n in node.outputs}
    return used - made - set(graph.inputs) - set(graph.weights) - {""}


def expected_edges(graph: Graph) -> Counter[tuple[Any, Any, Any]]:
    first: dict[str, Any] = {n: ("Input", n) for n in graph.inputs if n not in graph.weights}
    made: dict[str, Any] = {}
    for node in graph.nodes:
        for name in node.outputs:
            if name and name not in graph.inputs and name not in graph.weights:
                made.setdefault(name, node)
    source = {**first, **made}
    edges: list[tuple[Any, Any, Any]] = []
    for node in graph.nodes:
        edges += [(source[n], node, (n, i)) for i, n in enumerate(node.inputs) if n in source]
        inner = {n for body in node.bodies.values() for n in read_from_outside(body)}
        edges += [(source[n], node, (n, None)) for n in inner if n in source]
    edges += [(source[n], ("Output", n), (n, 0)) for n in graph.outputs if n in source]
    return Counter(edges)


def plain(item: Node | Port) -> Any:
    return (item.kind, item.name) if isinstance(item, Port) else item


@settings(max_examples=150)
@given(ANY_GRAPH)
def test_networkx_sees_every_use_of_every_tensor(graph: Graph) -> None:
    found = [(plain(a), plain(b), key) for a, b, key in graph.nx.edges(keys=True)]
    assert Counter(found) == expected_edges(graph)
    assert all(not data for _, _, data in graph.nx.edges(data=True))
    assert {n for n in graph.nx if isinstance(n, Node)} == set(graph.nodes)


@settings(max_examples=150)
@given(ANY_GRAPH)
def test_the_order_is_one_of_execution_and_leaves_out_cycles_alone(graph: Graph) -> None:
    position = {node: i for i, node in enumerate(graph.order)}
    assert len(position) == len(graph.order)
    for a, b, _ in graph.nx.edges(keys=True):
        if a in position and b in position:
            assert position[a] < position[b]
    stuck: set[Any] = set()
    for ring in networkx.strongly_connected_components(graph.nx):
        first = next(iter(ring))
        if len(ring) > 1 or graph.nx.has_edge(first, first):
            stuck |= ring | networkx.descendants(graph.nx, first)
    assert {n for n in graph.nodes if n not in position} == {n for n in stuck if isinstance(n, Node)}
    assert graph.order == graph.nodes or not graph.written_in_order


@settings(max_examples=150)
@given(ANY_GRAPH)
def test_a_node_captures_what_its_bodies_do_not_make(graph: Graph) -> None:
    for inner in graph.walk():
        for node in inner.nodes:
            expected = {n for body in node.bodies.values() for n in read_from_outside(body)}
            assert len(inner.captured(node)) == len(expected)
            assert set(inner.captured(node)) == expected


def chain_of_bodies(depth: int) -> Graph:
    graph = Graph("g", [Node("Relu", ("x",), ("y",))], {}, {"y": Fact()}, {})
    for _ in range(depth):
        graph = Graph("g", [Node("If", ("q",), ("y",), {"then_branch": graph})], {}, {"y": Fact()}, {})
    return graph


def test_ten_thousand_bodies_in_bodies_do_not_recurse() -> None:
    graph = chain_of_bodies(3000)
    assert graph.free == ["q", "x"]
    assert graph.order == graph.nodes
    assert sum(1 for _ in graph.walk()) == 3001
    assert len(graph.nx) == 2


@pytest.mark.parametrize("count", [50_000])
def test_a_long_cycle_and_a_shuffled_chain_are_ordered(count: int) -> None:
    nodes = [Node("Relu", (f"t{i}",), (f"t{i + 1}",), index=i) for i in range(count)]
    shuffled = Graph("g", nodes[::-1], {"t0": Fact()}, {}, {})
    assert [n.index for n in shuffled.order] == list(range(count))
    ring = Graph("g", [*nodes[:-1], Node("Relu", (f"t{count - 1}",), ("t0",), index=count - 1)], {}, {}, {})
    assert ring.order == []
