from archlint.api import Findings, Graph, Model, rule

SHOWN = 5


@rule("GRF010", on=Model, severity="warning")
def shadowed_name(model: Model) -> Findings:
    """A body that gives a tensor a name which an enclosing graph already uses.

    A body sees the tensors of the graphs around it, so a second definition of a visible name is
    forbidden; onnxruntime refuses many such models, and readers of the name cannot tell which is
    meant. One finding is given for each body.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (variable shadowing is not allowed)

    Example: built in the tests
    """
    for graph in model.graphs():
        if graph.owner is None or graph.parent is None:
            continue
        names = dict.fromkeys((*graph.inputs, *graph.weights, *graph.producers))
        held = {name: holder for name in names if (holder := _visible(graph, name)) is not None}
        if held:
            name, holder = next(iter(held.items()))
            others = [f"'{n}'" for n in list(held)[1 : SHOWN + 1]]
            more = f"; likewise {', '.join(others)}" if others else ""
            more += f" and {len(held) - 1 - SHOWN} more" if len(held) - 1 > SHOWN else ""
            yield graph.owner.at(f"tensor {name}").says(
                f"body '{graph.label}' defines '{name}', which {holder} defines too{more}",
                hint="give the inner one another name",
                names=list(held),
            )


def _visible(graph: Graph, name: str) -> str | None:
    """What outside ``graph`` defines ``name`` before its body runs."""
    inner = graph
    while inner.parent is not None and inner.owner is not None:
        outer = inner.parent
        maker = outer.producers.get(name)
        if maker is not None and maker.index < inner.owner.index:
            return f"node '{maker.label}' ({maker.op_type}) outside"
        if name in outer.inputs or name in outer.weights:
            return "the enclosing graph"
        inner = outer
    return None
