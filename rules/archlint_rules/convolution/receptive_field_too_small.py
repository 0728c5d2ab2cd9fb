from archlint.api import Analysis, Findings, Model, rule
from archlint_rules.convolution.receptive import fields

ENDS = {"GlobalAveragePool", "GlobalMaxPool", "Flatten", "ReduceMean"}


@rule("CNV009", on=Model, severity="info", needs=("shapes",), default=False)
def receptive_field_too_small(model: Model, analysis: Analysis) -> Findings:
    """A classifier whose last feature map sees less than the image.

    No feature can depend on parts of the image that are further apart than the receptive field; what
    follows only averages or joins local evidence. Told at the operator that ends the feature maps,
    for inputs of fixed size; textures and bags of features need no more.

    Source: https://distill.pub/2019/computing-receptive-fields/ (receptive fields over any graph)

    Bad:
        inputs: {x: [1, 3, 32, 32]}
        layers:
          - {op: Conv, weights: {W: [8, 3, 3, 3]}}
          - {op: GlobalAveragePool}
    Good:
        inputs: {x: [1, 3, 5, 5]}
        layers:
          - {op: Conv, weights: {W: [8, 3, 5, 5]}}
          - {op: GlobalAveragePool}
    """
    seen = fields(analysis)
    for step in analysis.shapes.main.steps:
        node = step.node
        field = seen.get(node.input(0)) if node.op_type in ENDS and not node.domain else None
        if field is not None and not field.whole and max(field.seen) > 1:
            sees, image = ("x".join(map(str, sizes)) for sizes in (field.seen, field.image))
            yield node.at().says(
                f"each feature sees {sees} of {image} pixels",
                hint="add layers, strides or dilations before it",
                seen=list(field.seen),
                image=list(field.image),
            )
