from archlint.api import Analysis, Findings, Model, rule


@rule("RNN015", on=Model, severity="info", default=False, needs=("weights", "recurrent", "shapes"))
def memory_shorter_than_sequence(
    _model: Model, analysis: Analysis, *, shorter: float = 20.0, longer: float = 20.0
) -> Findings:
    """An LSTM whose time constants do not match the length of its sequences.

    At rest a memory fades by 1/e in -1/ln sigmoid(b_f) steps. Reported when the median is
    ``shorter`` times below or ``longer`` times above a sequence length that the model fixes. The
    gates move the time constant while the cell runs, so the rule is off by default.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [400, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_f: {constant: 0.0}}}
    Good:
        inputs: {x: [20, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_f: {constant: 2.0}}}
    """
    for cell in analysis.recurrent.cells:
        gate, length = cell.gates.get("forget"), cell.sequence_length
        if gate is None or not length or length == 1:
            continue
        median = gate.median_time_constant
        if median * shorter < length or median > longer * length:
            yield cell.at("forget gate, time constant").info(
                f"the median time constant of the {cell.title} is {median:.3g} steps at rest, its sequences have "
                f"{length}",
                hint=f"a forget bias of ln U(1, {length - 1}) spreads the time constants over the sequence",
                time_constant=median,
                length=length,
            )
