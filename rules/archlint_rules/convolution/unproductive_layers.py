from archlint.api import Analysis, Findings, Model, rule
from archlint_rules.convolution.receptive import fields, layer


@rule("CNV010", on=Model, severity="info", needs=("shapes",), default=False)
def unproductive_layers(model: Model, analysis: Analysis, *, at_least: int = 2) -> Findings:
    """Convolutions behind the point where every feature already sees the whole image.

    A layer whose input sees everything can combine nothing new from its neighbourhood: in the study
    such layers did not add to the accuracy. Paths around a layer see less, so networks with shortcuts
    may still gain. ``at_least`` is the number of layers from which on they are told.

    Source: https://opus.hs-osnabrueck.de/citationExport/index/download/year/2024/docId/6512/output/ris
    (receptive field analysis predicts unproductive layers)

    Bad:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, pads: [4, 4, 4, 4], weights: {W: [8, 3, 9, 9]}}
          - {op: Conv, pads: [1, 1, 1, 1], weights: {W: [8, 8, 3, 3]}}
          - {op: Conv, pads: [1, 1, 1, 1], weights: {W: [8, 8, 3, 3]}}
    Good:
        inputs: {x: [1, 3, 64, 64]}
        layers:
          - {op: Conv, pads: [1, 1, 1, 1], weights: {W: [8, 3, 3, 3]}}
          - {op: Conv, pads: [1, 1, 1, 1], weights: {W: [8, 8, 3, 3]}}
          - {op: Conv, pads: [1, 1, 1, 1], weights: {W: [8, 8, 3, 3]}}
    """
    seen = fields(analysis)
    late = []
    for step in analysis.shapes.main.steps:
        field = seen.get(step.node.input(0))
        if field is not None and field.whole and layer(step.node, analysis):
            late.append(step.node)
    if len(late) >= at_least:
        field = seen[late[0].input(0)]
        sees, image = ("x".join(map(str, sizes)) for sizes in (field.seen, field.image))
        yield (
            late[0]
            .at()
            .says(
                f"{len(late)} convolutions from here on read features that see {sees} of {image} pixels already",
                hint="use larger images or fewer layers",
                layers=[n.label for n in late],
            )
        )
