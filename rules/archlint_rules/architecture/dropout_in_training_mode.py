from archlint.api import Analysis, Findings, Node, rule


@rule("ARC007", on="Dropout", needs=("shapes",))
def dropout_in_training_mode(node: Node, analysis: Analysis) -> Findings:
    """A Dropout that is told to drop: the model's answers are random.

    With ``training_mode`` true the layer zeroes random elements at every run, so the same input
    gives different outputs. The model was exported in training mode.

    Source: https://onnx.ai/onnx/operators/onnx__Dropout.html

    Bad:
        inputs: {x: [1, 10]}
        layers:
          - {op: Dropout, ratio: 0.5, training_mode: true}
    Good:
        inputs: {x: [1, 10]}
        layers:
          - {op: Dropout, ratio: 0.5}
    """
    facts = analysis.shapes.inputs(node)
    mode = facts[2].scalar() if len(facts) > 2 and facts[2] is not None else None
    ratio = facts[1].scalar() if len(facts) > 1 and facts[1] is not None else 0.5
    if isinstance(mode, (bool, int)) and mode and ratio != 0:
        share = f"a share of {ratio:g}" if isinstance(ratio, (int, float)) else "a share"
        yield node.at(f"input {node.input(2)}").says(
            f"training_mode is true: every run drops {share} of the elements at random",
            hint="export the model in inference mode",
        )
