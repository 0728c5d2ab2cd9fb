from archlint.api import Analysis, Findings, Model, rule


@rule("SHP024", on=Model, severity="error", needs=("shapes",))
def declared_type_contradiction(model: Model, analysis: Analysis) -> Findings:
    """A tensor whose declared element type is not the one that its operator gives.

    Callers allocate and read the output by the declaration. onnx.checker accepts the file unless it
    is asked for full checks; onnxruntime refuses it.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (types of the values of a graph)

    Example: built in the tests
    """
    told: set[tuple[int, str]] = set()
    for scope in analysis.shapes.scopes:
        graph = scope.graph
        for name in (*graph.outputs, *graph.value_info):
            declared, computed, maker = graph.declared(name), scope.facts.get(name), graph.producers.get(name)
            if declared is None or computed is None or maker is None or (id(graph), name) in told:
                continue
            if declared.kind != "tensor" or computed.kind != "tensor":
                continue
            if declared.dtype and computed.dtype and declared.dtype != computed.dtype:
                told.add((id(graph), name))
                what = "output" if name in graph.outputs else "tensor"
                yield maker.at(f"output {name}").says(
                    f"{what} '{name}' is declared {declared.dtype} but {maker.op_type} gives {computed.dtype}",
                    hint=f"declare {computed.dtype}, or put a Cast before it",
                )
