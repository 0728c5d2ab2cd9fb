from archlint.api import Analysis, Findings, Model, Step, rule


@rule("SHP020", on=Model, severity="info", needs=("shapes",))
def unresolved_shape(model: Model, analysis: Analysis) -> Findings:
    """A node where the shapes are known before it and not after it.

    What archlint does not know it does not guess: sizes and costs beyond this node are unknown, and
    rules that need them are silent there. One finding for each kind of operator, at its first node.

    Source: https://onnx.ai/onnx/repo-docs/ShapeInference.html (custom operators
    need shape functions of their own)

    Example: built in the tests
    """
    stops: dict[tuple[str, str], list[Step]] = {}
    wrong = {id(d.step) for d in analysis.shapes.defects}
    for scope in analysis.shapes.scopes:
        for step in scope.steps:
            known = all(f is None or f.shape is not None or f.kind != "tensor" for f in step.ins)
            stuck = any(f.shape is None and f.kind == "tensor" for f in step.outs)
            if known and stuck and step.reason and not step.children and id(step) not in wrong:
                stops.setdefault((step.node.kind, step.reason), []).append(step)
    for (kind, reason), steps in stops.items():
        more = f" (and {len(steps) - 1} more like it)" if len(steps) > 1 else ""
        yield steps[0].node.at().says(f"shapes are unknown after {kind}: {reason}{more}", nodes=len(steps))
