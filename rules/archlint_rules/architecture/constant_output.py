from archlint.api import Analysis, Findings, Model, rule


@rule("ARC011", on=Model, severity="info", needs=("shapes",))
def constant_output(model: Model, analysis: Analysis) -> Findings:
    """A model output that depends on no input.

    It is the same at every run. Detectors give their anchors this way on purpose; otherwise the
    path from the input was lost in an export.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (a model is a function of its inputs)

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {name: a, op: Relu, in: x}
          - {name: c, op: ConstantOfShape, in: [], input: [2, 2]}
        outputs: [a, c]
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {name: a, op: Relu, in: x}
        outputs: [a]
    """
    if not model.graph.inputs:
        return
    for name in model.graph.outputs:
        if analysis.shapes.main.fact(name).constant:
            maker = model.graph.producers.get(name)
            place = maker.at(f"output {name}") if maker else model.graph.at(f"output {name}")
            yield place.says(f"output '{name}' depends on no input: it is the same at every run")
