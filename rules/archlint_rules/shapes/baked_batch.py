from archlint.api import Analysis, Findings, Model, is_known, rule


@rule("SHP022", on=Model, severity="warning", needs=("shapes",))
def baked_batch(model: Model, analysis: Analysis) -> Findings:
    """A Reshape to constant sizes of a tensor whose size the model leaves open.

    The input may have any batch or length, but only one of them has as many elements as the
    constant target: an exporter turned the size of its example into a number.

    Source: https://github.com/microsoft/onnxruntime/issues/10463 (a batch of one baked into a Reshape)

    Bad:
        inputs: {x: [N, 4, 4]}
        layers:
          - {op: Reshape, shape: [1, 16]}
    Good:
        inputs: {x: [N, 4, 4]}
        layers:
          - {op: Reshape, shape: [-1, 16]}
    """
    for scope in analysis.shapes.scopes:
        for step in scope.steps:
            if step.node.op_type != "Reshape" or step.node.domain or len(step.ins) < 2:
                continue
            x, shape = step.ins[:2]
            target = shape.ints() if shape is not None else None
            if x is None or x.numel is None or target is None or isinstance(x.numel, int):
                continue
            if all(isinstance(d, int) and d > 0 for d in target) and is_known(x.numel):
                count = 1
                for size in target:
                    count *= size if isinstance(size, int) else 1
                yield step.node.at(f"input {step.node.input(1)}").says(
                    f"Reshape of {x} to {list(target)} works only where {x.numel} = {count}",
                    hint="write -1 for the open size",
                )
