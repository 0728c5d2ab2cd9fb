from archlint.api import Analysis, Findings, Model, rule


@rule("SHP009", on=Model, severity="error", needs=("shapes",))
def recurrent_weight_shape(model: Model, analysis: Analysis) -> Findings:
    """A recurrent layer whose weights do not have the shape that its attributes promise.

    W is ``[num_directions, gates*hidden_size, input_size]``, R ``[num_directions,
    gates*hidden_size, hidden_size]``, B ``[num_directions, 2*gates*hidden_size]`` and P
    ``[num_directions, 3*hidden_size]``, with 4 gates for LSTM, 3 for GRU and 1 for RNN.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [5, 1, 10]}
        layers:
          - {op: LSTM, hidden_size: 8, weights: {W: [1, 32, 10], R: [1, 24, 8]}}
    Good:
        inputs: {x: [5, 1, 10]}
        layers:
          - {op: LSTM, hidden_size: 8, weights: {W: [1, 32, 10], R: [1, 32, 8]}}
    """
    for defect in analysis.shapes.of("recurrent-weight-shape"):
        yield defect.says()
