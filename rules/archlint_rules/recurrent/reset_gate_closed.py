from archlint.api import Analysis, Findings, Model, listed, rule


@rule("RNN007", on=Model, severity="info", needs=("weights", "recurrent"))
def reset_gate_closed(_model: Model, analysis: Analysis, *, share: float = 0.25) -> Findings:
    """A GRU unit whose reset gate stays near 0: its candidate ignores the history.

    Reported from the first proven unit, or from ``share`` of the units proven or likely on.

    Source: https://onnx.ai/onnx/operators/onnx__GRU.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: GRU, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_r: {constant: -9.0}}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: GRU, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_r: {constant: 1.0}}}
    """
    for cell, gate in analysis.recurrent.gates("reset"):
        units = gate.closed.reported(share, gate.units)
        if units:
            yield cell.at("reset gate, closed").info(
                f"{len(units)} of {gate.units} reset gates of the {cell.title} stay below 0.05 ({gate.closed.standing}, for "
                f"{cell.premise}): the candidate ignores the state; units {listed(units)}",
                hint="raise the bias of the reset gate",
                units=list(units),
            )
