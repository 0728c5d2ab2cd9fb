from archlint.api import Analysis, Findings, Node, rule


@rule("ARC009", on="Dropout", severity="info", needs=("shapes",), default=False)
def high_dropout(node: Node, analysis: Analysis, *, limit: float = 0.5) -> Findings:
    """A Dropout with an unusually high ratio.

    More than half of the signal is thrown away while training; a ratio that was meant as the share
    to keep ends up here. ``limit`` is the highest ratio that is not told.

    Source: https://doi.org/10.1145/3411764.3445538 (UMLAUT: high dropout rate)

    Bad:
        inputs: {x: [1, 10]}
        layers:
          - {op: Dropout, ratio: 0.9}
    Good:
        inputs: {x: [1, 10]}
        layers:
          - {op: Dropout, ratio: 0.1}
    """
    facts = analysis.shapes.inputs(node)
    ratio = facts[1].scalar() if len(facts) > 1 and facts[1] is not None else node.number("ratio", 0.5)
    if isinstance(ratio, float) and ratio > limit:
        yield node.at().says(f"ratio is {ratio:g}, above {limit:g}", hint="lower the ratio")
