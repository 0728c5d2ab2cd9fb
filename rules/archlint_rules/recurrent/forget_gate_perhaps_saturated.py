from archlint.api import Analysis, Findings, Model, listed, rule


@rule("RNN003", on=Model, severity="info", needs=("weights", "recurrent"))
def forget_gate_perhaps_saturated(_model: Model, analysis: Analysis, *, share: float = 0.25) -> Findings:
    """A cell many of whose forget gates look stuck by their statistics, without proof or simulation.

    *Possible* units are beyond 0.05 or 0.95 for 99 % of the mass of a mean field, which takes units
    as independent and x as standard normal where nothing else is known. Reported from ``share`` of
    the units on, proven and likely ones included, when forget-gate-saturated has not spoken. Data
    settles it: run the check with calibration arrays.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [T, N, 16]}
        layers:
          - Sigmoid
          - op: LSTM
            hidden_size: 8
            init: {W: {constant: 0.1}, R: {constant: 0.0}, W_f: {constant: 0.63}, b_f: {constant: -10.0}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_f: {constant: 1.0}}}
    """
    for cell, gate in analysis.recurrent.gates("forget"):
        for side, tiers, enough in (("closed", gate.closed, 0.25), ("open", gate.open, 0.5)):
            units = tuple(sorted((*tiers.sure, *tiers.possible)))
            told = tiers.proven or len(tiers.sure) >= enough * gate.units
            if tiers.possible and not told and len(units) >= share * gate.units:
                yield cell.at(f"forget gate, perhaps {side}").info(
                    f"{len(units)} of {gate.units} forget gates of the {cell.title} may be {side}, by the tails of "
                    f"a mean field; units {listed(units)}",
                    hint="settle it with calibration data",
                    units=list(units),
                )
