from archlint.api import Analysis, Findings, Node, is_known, rule


@rule("RNN013", on=("LSTM", "GRU", "RNN"), needs=("shapes",))
def fixed_batch_initial_state(node: Node, analysis: Analysis) -> Findings:
    """An initial state stored for one batch size, in a model whose batch is free.

    initial_h and initial_c do not broadcast: the run fails for every other batch. Exporters bake
    in the zeros of the example batch.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, weights: {W: [1, 32, 4], R: [1, 32, 8], initial_h: [1, 3, 8]}}
    Good:
        inputs: {x: [T, 3, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, weights: {W: [1, 32, 4], R: [1, 32, 8], initial_h: [1, 3, 8]}}
    """
    facts = analysis.shapes.inputs(node)
    first = 0 if node.attrs.get("layout", 0) else 1
    x = facts[0].shape if facts and facts[0] is not None else None
    if x is None or len(x) != 3 or isinstance(x[first], int) or not is_known(x[first]):
        return
    for slot, what in ((5, "initial_h"), (6, "initial_c")):
        fact = facts[slot] if slot < len(facts) else None
        if fact is None or not fact.constant or fact.shape is None or len(fact.shape) != 3:
            continue
        batch = fact.shape[first]
        if isinstance(batch, int):
            yield node.at(f"input {what}").says(
                f"{what} is stored for a batch of {batch}, but the input's batch is '{x[first]}': every other "
                "batch fails",
                hint="build the state with Expand or ConstantOfShape from the input's shape, or leave it out: it "
                "is zero by default",
                batch=batch,
            )
