"""Soundness of the recurrent box: random cells, corner inputs, real runs; nothing may leave the box.

Run as a script it makes at least as many comparisons as its argument says (20 million by default)
and exits with status 1 at a violation. The tests run a small part of it.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from archlint.analyses.recurrent.rollout import simulate
from archlint.api import Interval
from tests.analyses.recurrent.cells import analysed, operator_model, random_weights

BOUNDED = ("Sigmoid", "HardSigmoid")
CANDIDATES = (
    "Tanh",
    "Softsign",
    "HardSigmoid",
    "Sigmoid",
    "Relu",
    "ScaledTanh",
    "Affine",
    "LeakyRelu",
    "Elu",
)
WITH_ALPHA = {"Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu"}
WITH_BETA = {"Affine", "ScaledTanh", "HardSigmoid"}


@dataclass
class Tally:
    """Comparisons made and violations met."""

    compared: int = 0
    violations: int = 0
    worst: float = 0.0

    def inside(self, values: np.ndarray, span: tuple[np.ndarray, np.ndarray]) -> None:
        """Count the elements of ``values`` (units last), and those outside ``span``."""
        lo, hi = span
        finite = values[np.isfinite(values).all(axis=-1)]
        below, above = lo - finite, finite - hi
        self.compared += finite.size
        self.violations += int((below > 0).sum() + (above > 0).sum())
        if finite.size:
            self.worst = max(self.worst, float(below.max()), float(above.max()))


def random_case(rng: np.random.Generator, kind: str):
    """A random cell of ``kind`` with random attributes: weights, attributes, states, and the box of x."""
    hidden, features = int(rng.integers(1, 9)), int(rng.integers(1, 5))
    directions = int(rng.integers(1, 3))
    w = random_weights(
        kind,
        rng,
        hidden,
        features,
        directions,
        float(rng.choice([0.1, 0.5, 1.5])),
        float(rng.choice([0.5, 3, 8])),
    )
    attrs = {}
    if directions == 2:
        attrs["direction"] = "bidirectional"
    elif rng.random() < 0.3:
        attrs["direction"] = "reverse"
    if rng.random() < 0.3:
        attrs["clip"] = float(rng.uniform(0.3, 5.0))
    if kind == "LSTM":
        if rng.random() < 0.4:
            w["P"] = rng.normal(0, 1, (directions, 3 * hidden)).astype(np.float32)
        if rng.random() < 0.3:
            attrs["input_forget"] = 1
    if kind == "GRU":
        attrs["linear_before_reset"] = int(rng.integers(2))
    if rng.random() < 0.5:
        attrs.update(_activations(rng, kind, directions))
    if rng.random() < 0.2:
        del w["B"]
    if rng.random() < 0.3:
        attrs["layout"] = 1
    low = rng.uniform(-3, 2, features)
    return w, attrs, low, low + rng.uniform(0.0, 4, features)


def _activations(rng: np.random.Generator, kind: str, directions: int) -> dict:
    names: list[str] = []
    alphas: list[float] = []
    betas: list[float] = []
    for _ in range(directions):
        if kind == "RNN":
            chosen = [str(rng.choice(["Tanh", "Softsign", "Sigmoid", "HardSigmoid", "ScaledTanh"]))]
        else:
            chosen = [str(rng.choice(BOUNDED)), str(rng.choice(CANDIDATES))]
            if kind == "LSTM":
                chosen.append(str(rng.choice(CANDIDATES)))
        for name in chosen:
            if name in WITH_ALPHA:
                alphas.append(round(float(rng.uniform(0.05, 1.0)), 3))
            if name in WITH_BETA:
                betas.append(round(float(rng.uniform(0.0, 0.6)), 3))
        names += chosen
    made = {"activations": names, "activation_alpha": alphas, "activation_beta": betas}
    return {k: v for k, v in made.items() if v}


def inputs_for(rng: np.random.Generator, low, high, steps: int, batch: int) -> np.ndarray:
    """Inputs in the box: corners, constants and uniform draws mixed."""
    share = rng.random((steps, batch, len(low)))
    share[:, ::3] = share[:, ::3] > 0.5
    share[:, 1::3] = np.broadcast_to(share[:1, 1::3] > 0.5, share[:, 1::3].shape)
    return (low + share * (high - low)).astype(np.float32)


def run_case(
    rng: np.random.Generator, kind: str, folder: Path, tally: Tally, *, steps: int, batch: int
) -> None:
    """One random cell: float64 simulation and onnxruntime against the box."""
    import onnxruntime

    w, attrs, low, high = random_case(rng, kind)
    x = inputs_for(rng, low, high, steps, batch)
    directions, hidden = w["W"].shape[0], w["R"].shape[2]
    states = {}
    if rng.random() < 0.5:
        states["initial_h"] = rng.uniform(-1, 1, (directions, batch, hidden)).astype(np.float32)
    if kind == "LSTM" and rng.random() < 0.5:
        states["initial_c"] = rng.normal(0, 3, (directions, batch, hidden)).astype(np.float32)
    lengths = {}
    if rng.random() < 0.3:
        lengths["sequence_lens"] = rng.integers(1, steps + 1, batch).astype(np.int32)
    layout = attrs.pop("layout", 0)
    model = operator_model(kind, {**w, **states}, attrs, shape=(steps, batch), inputs=tuple(lengths))
    read = model
    if layout:
        # onnxruntime's CPU provider refuses layout 1: it runs the transposed cell, archlint reads this one
        turned = {k: s.swapaxes(0, 1) for k, s in states.items()}
        given = {**attrs, "layout": 1}
        read = operator_model(kind, {**w, **turned}, given, shape=(batch, steps), inputs=tuple(lengths))
    box = Interval(float(x.min()), float(x.max()), "configured")
    per = Interval(low.astype(np.float32).astype(float) - 1e-6, high.astype(float) + 1e-6, "configured")
    for interval in (box, per):
        cells = analysed(read, folder, input_ranges={"X": interval}).recurrent.cells
        assert all(c.analysed for c in cells), cells[0].reason
    for d, cell in enumerate(cells):
        xs = x[::-1] if cell.direction == "reverse" else x
        start = [states[k][d] if k in states else None for k in ("initial_h", "initial_c")]
        with np.errstate(all="ignore"):
            for moment in simulate(cell.recurrence, xs, *start, dtype=np.float64):
                tally.inside(moment.h, cell.box.h)
                if moment.c is not None:
                    tally.inside(moment.c, cell.box.c)
                for name, value in moment.gates.items():
                    tally.inside(value, cell.box.gates[name].value)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    results = session.run(None, {"X": x, **lengths})
    for d, cell in enumerate(cells):
        y = results[0][:, d]
        if lengths:
            y = np.concatenate([y[:n, b] for b, n in enumerate(lengths["sequence_lens"])])
        tally.inside(y, cell.box.h)
        tally.inside(results[1][d], cell.box.h)
        if cell.box.c is not None:
            tally.inside(results[2][d], cell.box.c)


def main(wanted: int = 20_000_000, seed: int = 0) -> int:
    """Cells of every kind until ``wanted`` comparisons are made; the number of violations."""
    rng = np.random.default_rng(seed)
    tally = Tally()
    cases = 0
    with tempfile.TemporaryDirectory() as folder:
        while tally.compared < wanted:
            kind = ("LSTM", "LSTM", "GRU", "RNN")[cases % 4]
            run_case(rng, kind, Path(folder), tally, steps=25, batch=48)
            cases += 1
    said = f"{tally.compared:,} comparisons over {cases:,} cells: {tally.violations} violations\n"
    sys.stdout.write(said)
    return tally.violations


if __name__ == "__main__":
    sys.exit(bool(main(*(int(a) for a in sys.argv[1:]))))
