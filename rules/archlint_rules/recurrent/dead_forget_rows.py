from archlint.api import Analysis, Findings, Model, rule


@rule("RNN012", on=Model, severity="info", needs=("weights", "recurrent"))
def dead_forget_rows(_model: Model, analysis: Analysis) -> Findings:
    """Forget-gate weights that are stored and never read, because input_forget couples the gates.

    With ``input_forget`` 1 the forget gate is f = 1 - i; the f rows of W, R and B are dead.
    A converter that filled them in may have meant a cell with separate gates.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, input_forget: 1, init: {W: {constant: 0.1}, R: {constant: 0.1}}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, input_forget: 0, init: {W: {constant: 0.1}, R: {constant: 0.1}}}
    """
    for cell in analysis.recurrent.cells:
        numbers = cell.recurrence
        if numbers is None or not numbers.coupled:
            continue
        rows = (numbers.W["forget"], numbers.R["forget"], numbers.b["forget"], numbers.rb["forget"])
        if any(part.any() for part in rows):
            yield cell.at("attribute input_forget").info(
                f"input_forget makes f = 1 - i in the {cell.title}: its forget rows are not zero, and never read",
                hint="set input_forget to 0 if the gates are meant to be separate, else zero the rows",
            )
