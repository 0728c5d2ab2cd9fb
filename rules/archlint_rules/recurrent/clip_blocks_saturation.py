from archlint.api import Analysis, Findings, Model, rule


@rule("RNN011", on=Model, severity="info", needs=("weights", "recurrent"))
def clip_blocks_saturation(_model: Model, analysis: Analysis, *, threshold: float = 2.944) -> Findings:
    """A clip so low that no gate of the cell can open or close.

    With ``clip`` t every sigmoid lies in [sigmoid(-t), sigmoid(t)]; below t = ``threshold`` that is
    inside (0.05, 0.95). onnxruntime does not clip the input of h(C), the ONNX text reads as if it
    should be, so outputs can differ between runtimes.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, clip: 1.0, init: {W: {constant: 0.1}, R: {constant: 0.1}}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, clip: 10.0, init: {W: {constant: 0.1}, R: {constant: 0.1}}}
    """
    from math import exp

    for cell in analysis.recurrent.cells:
        numbers = cell.recurrence
        if numbers is None or numbers.clip is None or numbers.kind == "RNN" or numbers.f.name != "sigmoid":
            continue
        if 0 < numbers.clip < threshold:
            low = 1 / (1 + exp(numbers.clip))
            yield cell.at("clip").info(
                f"clip {numbers.clip:g} keeps every gate of the {cell.title} inside [{low:.3g}, {1 - low:.3g}]: "
                "none can forget or keep fully",
                hint="a clip of 10 and more only guards against overflow",
                clip=numbers.clip,
            )
