from archlint.api import Analysis, Findings, Model, listed, rule


@rule("RNN006", on=Model, severity="info", needs=("weights", "recurrent"))
def update_gate_frozen(_model: Model, analysis: Analysis, *, share: float = 0.25) -> Findings:
    """A GRU unit whose update gate stays near 1: it keeps its state and takes nothing in.

    h' = (1 - z) g + z h in ONNX, so z near 1 is frozen memory. Reported from the first proven unit,
    or from ``share`` of the units proven or likely on.

    Source: https://onnx.ai/onnx/operators/onnx__GRU.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: GRU, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_z: {constant: 9.0}}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: GRU, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_z: {constant: 1.0}}}
    """
    for cell, gate in analysis.recurrent.gates("update"):
        units = gate.open.reported(share, gate.units)
        if units:
            yield cell.at("update gate, open").info(
                f"{len(units)} of {gate.units} update gates of the {cell.title} stay above 0.95 ({gate.open.standing}, for "
                f"{cell.premise}): the units are frozen; units {listed(units)}",
                hint="lower the bias of the update gate; ONNX's z is the share of the old state that is kept",
                units=list(units),
            )
