from archlint.api import Analysis, Findings, Model, rule


@rule("RNN002", on=Model, severity="info", needs=("weights", "recurrent"))
def recurrent_not_analysed(_model: Model, analysis: Analysis) -> Findings:
    """A recurrent cell whose gates could not be judged, or not on the calibration data, with the reason.

    The analysis needs the numbers of W and R. It has none when the weights are inputs of the
    model, when they lie in a file that is missing, or when they are computed from the input.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [T, N, 4], w: [1, 32, 4], r: [1, 32, 8]}
        layers:
          - {op: LSTM, in: [x, w, r], hidden_size: 8}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}}}
    """
    for cell in analysis.recurrent.cells:
        if not cell.analysed:
            yield cell.at("weights").says(f"the {cell.title} was not analysed, because {cell.reason}")
        elif cell.uncalibrated is not None:
            yield cell.at("calibration").says(
                f"the {cell.title} was not measured on the calibration data, because {cell.uncalibrated}",
                hint="give arrays for every input of the model, or for the input of this cell",
            )
