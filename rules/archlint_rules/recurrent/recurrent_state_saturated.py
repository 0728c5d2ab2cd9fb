from archlint.api import Analysis, Findings, Model, listed, rule


@rule("RNN010", on=Model, needs=("weights", "recurrent"))
def recurrent_state_saturated(_model: Model, analysis: Analysis, *, share: float = 0.25) -> Findings:
    """A plain RNN unit whose tanh never leaves one end: its state says nothing and learns nothing.

    |h| > 0.95, that is |z| > 1.83, for every input in the range and every state; its slope
    1 - h^2 is below 0.1. A warning from the first proven unit, or from ``share`` of the units proven
    or likely on.

    Source: https://onnx.ai/onnx/operators/onnx__RNN.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: RNN, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, B: {constant: 5.0}}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: RNN, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, B: {constant: 0.0}}}
    """
    for cell, gate in analysis.recurrent.gates("state"):
        proven = tuple(sorted((*gate.open.proven, *gate.closed.proven)))
        units = tuple(sorted((*gate.open.sure, *gate.closed.sure)))
        if proven or len(units) >= max(share * gate.units, 1):
            shown = proven or units
            sure = "proven" if proven else "likely"
            yield cell.at("state, saturated").says(
                f"{len(shown)} of {gate.units} units of the {cell.title} are saturated ({sure}): |h| > 0.95 for "
                f"{cell.premise}; units {listed(shown)}",
                hint="check the bias, the learning rate and the scale of the input",
                units=list(units),
                proven=list(proven),
            )
