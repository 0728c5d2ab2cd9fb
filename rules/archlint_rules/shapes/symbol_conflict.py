from archlint.api import Analysis, Dim, Findings, Graph, Model, Node, Shapes, is_known, rule

ANONYMOUS = {"?", "", "-1", "None"}


@rule("SHP003", on=Model, severity="warning", needs=("shapes",))
def symbol_conflict(model: Model, analysis: Analysis) -> Findings:
    """An output that declares a symbolic size of an input but always has one fixed size.

    The model promises to take any batch or length and has one baked in, mostly because an exporter
    turned a traced size into a constant. It fails, or mixes samples, at the first other size.

    Source: https://github.com/microsoft/onnxruntime/issues/10463 (a batch of one baked into a Reshape),
    https://onnx.ai/onnx/repo-docs/IR.html (shape variables)

    Example: built in the tests
    """
    for defect in analysis.shapes.of("symbol-conflict"):
        error = defect.error
        yield defect.step.node.at(error.subject).says(
            error.message, severity=error.severity, notes=(error.data["cause"],), **error.data
        )
    graph = model.graph
    meant: dict[str, Dim] = {}
    for name, declared in graph.inputs.items():
        actual = analysis.shapes.main.facts.get(name)
        for size, now in zip(declared.shape or (), actual.shape or () if actual else (), strict=False):
            if not isinstance(size, int) and is_known(size):
                meant.setdefault(str(size), now)
    for name, declared in graph.outputs.items():
        computed = analysis.shapes.main.fact(name).shape
        if declared.shape is None or computed is None or len(declared.shape) != len(computed):
            continue
        for axis, (size, real) in enumerate(zip(declared.shape, computed, strict=True)):
            text = str(size)
            if isinstance(size, int) or text in ANONYMOUS or text not in meant or not isinstance(real, int):
                continue
            now = meant[text]
            if now == real:
                continue
            given = f" but {now} at the input" if isinstance(now, int) else ", whatever the input is"
            maker = graph.producers.get(name)
            lost = _lost(graph, name, axis, Analysis(model).shapes) if isinstance(now, int) else None
            message = f"output '{name}' declares dim {axis} as '{text}', which is {real} here{given}"
            if lost is not None:
                where = f"node '{lost.name}'" if lost.name else f"node #{lost.index} ({lost.op_type})"
                message = (
                    f"symbol '{text}' is {real} at {where} but {now} by --dim {text}={now}; "
                    f"the graph has a fixed {'batch' if axis == 0 else 'size'} inside"
                )
            yield (maker.at(f"output {name}") if maker else graph.at(f"output {name}")).says(
                message,
                hint="look for a Reshape or Expand with a constant size on the way",
                symbol=text,
                axis=axis,
                size=real,
            )


def _lost(graph: Graph, output: str, axis: int, shapes: Shapes) -> Node | None:
    """The node upstream of ``output`` that reads an open size at ``axis`` and makes a fixed one."""
    name = output
    for _ in range(len(graph.nodes)):
        node = graph.producers.get(name)
        if node is None:
            return None
        ahead = ""
        for source, fact in zip(node.inputs, shapes.inputs(node), strict=False):
            size = fact.shape[axis] if fact is not None and fact.shape and axis < len(fact.shape) else None
            if size is not None and not isinstance(size, int):
                return node
            if not ahead and source in graph.producers:
                ahead = source
        name = ahead
    return None
