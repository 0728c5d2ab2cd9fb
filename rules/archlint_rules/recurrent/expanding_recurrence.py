from archlint.api import Analysis, Findings, Model, rule


@rule("RNN016", on=Model, severity="info", needs=("weights", "recurrent"))
def expanding_recurrence(
    _model: Model, analysis: Analysis, *, radius: float = 1.5, largest: int = 512
) -> Findings:
    """A plain RNN whose recurrent matrix stretches some direction at every step.

    The spectral radius of R bounds from below how gradients grow through time while tanh is near
    its linear part; above 1 they can explode (Pascanu, Mikolov and Bengio 2013). Trained networks
    are often a little above, so it is reported from ``radius`` on, for cells of up to ``largest``
    units.

    Source: https://onnx.ai/onnx/operators/onnx__RNN.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: RNN, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.5}}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: RNN, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}}}
    """
    for cell in analysis.recurrent.cells:
        numbers = cell.recurrence
        if numbers is None or numbers.kind != "RNN" or numbers.hidden > largest:
            continue
        found = numbers.spectral_radius()
        if found > radius:
            yield cell.at("input R").info(
                f"the recurrent matrix of the {cell.title} has spectral radius {found:.3g}: gradients through time "
                "can explode",
                hint="clip gradients, or initialise R orthogonal",
                radius=found,
            )
