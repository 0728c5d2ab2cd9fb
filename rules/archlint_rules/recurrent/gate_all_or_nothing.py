from archlint.api import Analysis, Findings, Model, listed, rule


@rule("RNN004", on=Model, severity="info", needs=("weights", "recurrent"))
def gate_all_or_nothing(_model: Model, analysis: Analysis, *, share: float = 0.25) -> Findings:
    """A gate that is nearly always at 0 or at 1, and hardly ever between.

    Such a unit switches instead of mixing; its gradient f(1 - f) is almost always zero, so it
    learns only at the rare moments of crossing. Judged by the mean field and, up to 2,048 units, by
    a synthetic run; reported from ``share`` of the units of a gate on.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {normal: {std: 60.0, seed: 1}}, R: {constant: 0.0}}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}}}
    """
    for cell in analysis.recurrent.cells:
        for gate in cell.gates.values():
            if gate.binary and len(gate.binary) >= share * gate.units:
                yield cell.at(f"{gate.name} gate, binary").info(
                    f"{len(gate.binary)} of {gate.units} {gate.name} gates of the {cell.title} are below 0.05 or "
                    f"above 0.95 on more than 95 % of the steps; units {listed(gate.binary)}",
                    hint="scale the input or the weights of this gate down",
                    units=list(gate.binary),
                )
