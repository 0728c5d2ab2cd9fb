from archlint.api import Analysis, Findings, Model, rule

FREE = {"ConstantOfShape", "Identity", "Constant"}


@rule("PRF004", on=Model, severity="info", needs=("shapes",))
def foldable_constant(model: Model, analysis: Analysis, *, limit: int = 1_000_000) -> Findings:
    """Nodes that compute the same numbers at every run.

    Their inputs are all constant, so their result could be stored. Most runtimes compute it once
    when they load the model; small ones do it every time. Results of more than ``limit`` elements
    are left alone, since storing them makes the file larger. One finding is given for each graph.

    Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ONNX_Runtime_Graph_Optimizations.md
    (Constant Folding)

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {name: e, op: Exp, in: [], input: [0.5, 1.0, 1.5, 2.0]}
          - {op: Add, in: [x, e]}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {op: Add, in: x, B: [0.5, 1.0, 1.5, 2.0]}
    """
    for scope in analysis.shapes.scopes:
        found = []
        for step in scope.steps:
            if step.node.op_type in FREE or step.children or not step.outs:
                continue
            if not step.outs[0].constant or not all(f.constant for f in step.outs):
                continue
            sizes = [f.numel for f in step.outs]
            if all(isinstance(n, int) and n <= limit for n in sizes):
                found.append(step.node)
        if found:
            more = f" (and {len(found) - 1} more nodes)" if len(found) > 1 else ""
            yield (
                found[0]
                .at()
                .says(
                    f"{found[0].op_type} computes a constant{more}",
                    hint="store the result as an initializer",
                    nodes=len(found),
                )
            )
