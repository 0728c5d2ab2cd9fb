from archlint.api import Analysis, Cell, Draft, Findings, Gate, Model, listed, rule


@rule("RNN001", on=Model, needs=("weights", "recurrent"))
def forget_gate_saturated(
    _model: Model,
    analysis: Analysis,
    *,
    closed_share: float = 0.25,
    open_share: float = 0.5,
    long_memory: float = 1000.0,
) -> Findings:
    """A forget gate that stays at 0 or at 1 whatever the cell reads.

    A unit whose gate is closed (f < 0.05) forgets everything within a step; one whose gate is open
    (f > 0.95) can hardly forget. Either way the gate no longer learns, for df/dh = f(1 - f) R_f.

    Why, with z = W x + R h + b and f = sigma(z):

        sigma'(z) = sigma(z) (1 - sigma(z)): 1/4 at z = 0, below 0.05 where |z| > 2.944
        df_d/dh = f_d (1 - f_d) R_d, for unit d
        over |h| <= 1 the gate is largest at h = R_d / |R_d|, where R_d h = |R_d|
        over |h_j| <= r_j it is largest at h_j = r_j sign(R_dj), where R_d h = sum_j |R_dj| r_j
        W_d x shifts that value and not its place; a box of x adds at most sum_j |W_dj| |x_j|
        dc_t/dc_(t-1) = f: memory fades by 1/e in tau = -1 / ln f steps, 0.33 at f = 0.05, 19.5 at 0.95

    *Proven* units are stuck for every input in the range that the message names, by interval
    arithmetic over every state the cell can reach. *Likely* units are stuck on 99.7 % of the steps
    of a synthetic run and by the tails of a mean field, and stay so when inputs whose range nobody
    gave are three times as wide, or when an embedding's rows are used unevenly. Inputs far outside
    that (unscaled data around 100) need --input-range or calibration data, which measures both.

    Closed is a warning when any unit is proven, or when at least ``closed_share`` of the units are
    proven or likely. Open is information from the first proven unit, or from ``open_share`` of the
    units on, because open gates are often meant (chrono initialisation). It becomes a warning when
    90 % are open and the median time constant exceeds the sequence, or ``long_memory`` steps where
    the length of the sequence is unknown.

    Source: https://onnx.ai/onnx/operators/onnx__LSTM.html

    Bad:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_f: {constant: -9.0}}}
    Good:
        inputs: {x: [T, N, 4]}
        layers:
          - {op: LSTM, hidden_size: 8, init: {W: {constant: 0.1}, R: {constant: 0.1}, b_f: {constant: 1.0}}}
    """
    for cell, gate in analysis.recurrent.gates("forget"):
        closed = gate.closed.sure
        if gate.closed.proven or len(closed) >= closed_share * gate.units:
            yield _closed(cell, gate)
        opened = gate.open.sure
        if gate.open.proven or len(opened) >= open_share * gate.units:
            limit = cell.sequence_length or long_memory
            stuck = len(opened) >= 0.9 * gate.units and gate.median_time_constant > limit
            yield _open(cell, gate, "warning" if stuck else "info")


def _closed(cell: Cell, gate: Gate) -> Draft:
    proven, units = gate.closed.proven, gate.closed.sure
    worst = min(units, key=lambda u: float(gate.hi[u]))
    notes = [f"unit {worst}: {gate.why(worst)}"]
    if proven:
        f = max(float(gate.hi[u]) for u in proven)
        slope = max(float(gate.gradient[u]) for u in proven)
        said = f"proven closed: f <= {f:.3g} for every {cell.premise} and every state"
        notes.append(f"such a unit forgets within {_steps(f)} steps; |df/dh| <= {slope:.2g}")
        if len(units) > len(proven):
            notes.append(f"{len(units) - len(proven)} more are likely closed")
    else:
        said = f"likely closed: f < 0.05 on more than 99 % of the steps of {_run(gate)}"
    return cell.at("forget gate, closed").says(
        f"{len(proven or units)} of {gate.units} forget gates of the {cell.title} are {said}; "
        f"units {listed(proven or units)}",
        hint="reset the forget bias to 1 (or to ln U(1, T-1)) and retrain; check the learning rate "
        "and the scale of the input",
        severity="warning",
        notes=tuple(notes),
        units=list(units),
        proven=list(proven),
    )


def _open(cell: Cell, gate: Gate, severity: str) -> Draft:
    proven, units = gate.open.proven, gate.open.sure
    if proven:
        f = min(float(gate.lo[u]) for u in proven)
        said = f"proven open: f >= {f:.4g} for every {cell.premise} and every state"
    else:
        said = f"likely open: f > 0.95 on more than 99 % of the steps of {_run(gate)}"
    hint = (
        "a unit that cannot forget sums its input up; lower the forget bias"
        if severity == "warning"
        else "meant after chrono or large-bias initialisation; else lower the forget bias"
    )
    return cell.at("forget gate, open").says(
        f"{len(proven or units)} of {gate.units} forget gates of the {cell.title} are {said}; "
        f"units {listed(proven or units)}",
        severity=severity,
        hint=hint,
        notes=(f"median time constant at rest {gate.median_time_constant:.3g} steps",),
        units=list(units),
        proven=list(proven),
    )


def _run(gate: Gate) -> str:
    return "a synthetic run" if gate.measured is None else "the calibration data"


def _steps(f: float) -> str:
    from math import log

    return f"{-1 / log(f):.2g}" if 0 < f < 1 else "0"
