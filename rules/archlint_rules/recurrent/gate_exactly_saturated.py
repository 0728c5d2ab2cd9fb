from archlint.api import Analysis, Findings, Model, listed, rule


@rule("RNN005", on=Model, needs=("weights", "recurrent"))
def gate_exactly_saturated(_model: Model, analysis: Analysis) -> Findings:
    """A gate that rounds to exactly 1 in the stored precision, so that its derivative is exactly 0.

    sigmoid(z) rounds to 1 from z = 17.33 on in float32, 8.32 in float16, 6.24 in bfloat16; a
    HardSigmoid is exactly 0 or 1 outside its linear part. Proven for the whole range of x. No
    training step can move such a gate again.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_f: {constant: 20.0}}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_f: {constant: 2.0}}}
    """
    for cell in analysis.recurrent.cells:
        for gate in cell.gates.values():
            if gate.exact and cell.recurrence is not None:
                yield cell.at(f"{gate.name} gate, exact").says(
                    f"{len(gate.exact)} of {gate.units} {gate.name} gates of the {cell.title} saturate exactly in "
                    f"{cell.recurrence.precision} for every {cell.premise}: their derivative is 0; "
                    f"units {listed(gate.exact)}",
                    hint="lower the bias of these units and retrain; they cannot recover by themselves",
                    units=list(gate.exact),
                )
