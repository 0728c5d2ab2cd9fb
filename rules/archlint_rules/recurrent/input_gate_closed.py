from archlint.api import Analysis, Findings, Model, listed, rule


@rule("RNN008", on=Model, needs=("weights", "recurrent"))
def input_gate_closed(_model: Model, analysis: Analysis) -> Findings:
    """An LSTM unit whose input gate is proven closed: nothing is ever written to its memory.

    i < 0.05 for every input in the range and every state, so c' = f c + i g only fades. The unit
    can be pruned at a cost of at most 0.05 per step.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_i: {constant: -9.0}}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_i: {constant: 0.0}}}
    """
    for cell in analysis.recurrent.cells:
        gate = cell.gates.get("input")
        # with input_forget a closed input gate is an open forget gate, which has its own rule
        if (
            gate is None
            or not gate.closed.proven
            or (cell.recurrence is not None and cell.recurrence.coupled)
        ):
            continue
        units = gate.closed.proven
        most = max(float(gate.hi[u]) for u in units)
        yield cell.at("input gate, closed").says(
            f"{len(units)} of {gate.units} input gates of the {cell.title} are proven closed: i <= {most:.3g} for "
            f"every {cell.premise} and every state; units {listed(units)}",
            hint="the units do no work: prune them, or reset their input bias and retrain",
            units=list(units),
        )
