from archlint.api import Findings, Graph, Model, Node, rule

SHOWN = 20


@rule("GRF001", on=Model, severity="error")
def cycle(model: Model) -> Findings:
    """Nodes that wait for each other, so that none of them can ever run.

    A graph has to be free of cycles; repetition is written with Loop or Scan. archlint computes no
    shapes for the nodes of a cycle or for what comes after it.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (node dependencies make no cycles)

    Example: built in the tests
    """
    for graph in model.graphs():
        if len(graph.order) < len(graph.nodes):
            for ring in _rings(graph):
                names = [f"'{n.label}' ({n.op_type})" for n in ring[:SHOWN]]
                dots = ["..."] if len(ring) > SHOWN else []
                path = " -> ".join([*names, *dots, f"'{ring[0].label}'"])
                yield ring[0].at().says(f"graph has a cycle: {path}", nodes=[n.label for n in ring])


def _rings(graph: Graph) -> list[list[Node]]:
    """One shortest-found cycle of every knot of nodes, in file order."""
    import networkx

    placed = {id(n) for n in graph.order}
    knots = graph.nx.subgraph([n for n in graph.nodes if id(n) not in placed])
    rings = []
    for part in networkx.strongly_connected_components(knots):
        first = min(part, key=lambda n: n.index)
        if len(part) > 1 or knots.has_edge(first, first):
            edges = networkx.find_cycle(knots.subgraph(part), first)
            ring = [edge[0] for edge in edges]
            at = ring.index(min(ring, key=lambda n: n.index))
            rings.append(ring[at:] + ring[:at])
    return sorted(rings, key=lambda ring: ring[0].index)
