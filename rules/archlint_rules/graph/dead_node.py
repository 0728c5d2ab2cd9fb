from archlint.api import Findings, Graph, Model, Node, rule


@rule("GRF007", on=Model, fixable=True)
def dead_node(model: Model) -> Findings:
    """A node whose result reaches no output of its graph.

    A runtime drops it or, worse, computes it. Often the output that should have read it was lost
    in an export or a manual edit. One finding is given for each end of a dead chain.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (a graph's run is over when its outputs are
    written)

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {name: lost, op: Sigmoid, in: x}
          - {name: kept, op: Relu, in: x}
        outputs: [kept]
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {name: kept, op: Relu, in: x}
        outputs: [kept]
    """
    for graph in model.graphs():
        dead = dead_nodes(graph)
        kept = {id(n) for n in dead}
        for node in dead:
            if any(id(reader) in kept for slot in range(len(node.outputs)) for reader in node.readers(slot)):
                continue
            outputs = [name for name in node.outputs if name]
            if not outputs or any(graph.producers.get(name) is not node for name in outputs):
                continue  # a name that is given twice is told by duplicate-name
            feeding = _feeding(node, kept)
            more = f"; neither is what only feeds it ({', '.join(feeding[:5])})" if feeding else ""
            yield node.at(f"output {outputs[0]}").says(
                f"'{outputs[0]}' is never used{more}",
                hint="remove the node, or connect what should have read it",
                feeding=feeding,
            )


def dead_nodes(graph: Graph) -> list[Node]:
    """Nodes from which no output of ``graph`` can be reached, in file order."""
    if not graph.outputs:
        return []
    producers = graph.producers
    waiting = [producers[name] for name in graph.outputs if name in producers]
    live: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in live:
            continue
        live.add(id(node))
        reads = (*node.inputs, *graph.captured(node)) if node.bodies else node.inputs
        waiting += [producers[name] for name in reads if name in producers]
    return [node for node in graph.nodes if id(node) not in live]


def _feeding(node: Node, dead: set[int]) -> list[str]:
    """Labels of the dead nodes upstream of ``node``, nearest first."""
    found: dict[int, Node] = {}
    waiting = [node]
    while waiting:
        here = waiting.pop(0)
        for slot in range(len(here.inputs)):
            before = here.producer(slot)
            if before is not None and before is not node and id(before) in dead and id(before) not in found:
                found[id(before)] = before
                waiting.append(before)
    return [n.label for n in found.values()]
