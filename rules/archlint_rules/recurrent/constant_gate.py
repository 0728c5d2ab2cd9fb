from archlint.api import Analysis, Findings, Model, listed, rule


@rule("RNN017", on=Model, severity="info", needs=("weights", "recurrent"))
def constant_gate(_model: Model, analysis: Analysis, *, share: float = 0.1) -> Findings:
    """A gate that has the same value whatever the cell reads: it carries no information.

    Its value moves by less than 0.001 over everything that can happen, and it is neither open nor
    closed, of which other rules speak. Its rows of W and R are next to zero: untrained, pruned, or
    starved of gradient. Reported from ``share`` of the units of a gate on.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - op: LSTM
            hidden_size: 8
            init: {W: {constant: 0.1}, R: {constant: 0.1}, W_f: {constant: 0.0}, R_f: {constant: 0.0}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}}}
    """
    for cell in analysis.recurrent.cells:
        for gate in cell.gates.values():
            stuck = {*gate.closed.proven, *gate.open.proven}
            units = tuple(u for u in gate.constant if u not in stuck)
            if units and len(units) >= share * gate.units:
                value = float(gate.lo[units[0]])
                yield cell.at(f"{gate.name} gate, constant").info(
                    f"{len(units)} of {gate.units} {gate.name} gates of the {cell.title} are constant (unit "
                    f"{units[0]}: {value:.3g}) for every {cell.premise}; units {listed(units)}",
                    hint="the gate's weights are next to zero; fold the constant in, or train on",
                    units=list(units),
                )
