from archlint.api import Analysis, Findings, Model, rule


@rule("RNN014", on=Model, severity="info", default=False, needs=("weights", "recurrent"))
def forget_bias_zero(_model: Model, analysis: Analysis, *, tolerance: float = 0.1) -> Findings:
    """An LSTM whose forget biases are all about zero: half of the memory is lost at each step at rest.

    A forget bias of 1 or more at initialisation is the usual advice (Gers, Schmidhuber and Cummins
    2000; Jozefowicz, Zaremba and Sutskever 2015). A trained model may well end here, so the rule is
    off by default. ``tolerance`` is the largest bias that counts as zero.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_f: {constant: 0.0}}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_f: {constant: 1.0}}}
    """
    for cell, gate in analysis.recurrent.gates("forget"):
        most = float(abs(gate.bias).max())
        if most <= tolerance:
            yield cell.at("forget gate, bias").info(
                f"every forget bias of the {cell.title} is within {most:.3g} of 0: at rest a memory halves at "
                "each step",
                hint="initialise the forget bias to 1",
            )
