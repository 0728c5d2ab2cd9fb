from archlint.api import Analysis, Findings, Model, listed, rule


@rule("RNN009", on=Model, needs=("weights", "recurrent"))
def output_gate_closed(_model: Model, analysis: Analysis) -> Findings:
    """An LSTM unit whose output gate is proven closed: no layer ever sees its memory.

    o < 0.05 for every input in the range and every state, so |h| = o |tanh(c)| < 0.05.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_o: {constant: -9.0}}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_o: {constant: 0.0}}}
    """
    for cell in analysis.recurrent.cells:
        gate = cell.gates.get("output")
        if gate is None or not gate.closed.proven:
            continue
        units = gate.closed.proven
        most = max(float(gate.hi[u]) for u in units)
        yield cell.at("output gate, closed").says(
            f"{len(units)} of {gate.units} output gates of the {cell.title} are proven closed: o <= {most:.3g} for "
            f"every {cell.premise} and every state; units {listed(units)}",
            hint="the units are dead for the layers above: prune them, or reset their output bias and retrain",
            units=list(units),
        )
