"""The mean field: how far each gate's pre-activation usually strays, with units taken as independent.

Every z is a Gaussian whose mean and variance come from those of x and h; those of h come from the
gates again, so the moments are iterated to a damped fixed point. A screen, not a proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import erfc, sqrt
from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.recurrent.quantized import blocks

if TYPE_CHECKING:
    import numpy as np

    from archlint.analyses.recurrent.activations import Activation
    from archlint.analyses.recurrent.cell import Drive, Recurrence

    Array: TypeAlias = np.ndarray[Any, Any]
    Moments: TypeAlias = tuple[Array, Array]

DAMPING = 0.5
HORIZON = 100
"""Steps after which memory is taken as settled when the sequence length is unknown."""


@dataclass(frozen=True, slots=True, eq=False)
class Tails:
    """Of one gate: mean and deviation of z, and the share of the time beyond each threshold."""

    mean: Array
    deviation: Array
    closed: Array
    open: Array
    slope: Array
    """E[f(1 - f)], the expected derivative of the gate."""


def mean_field(cell: Recurrence, drive: Drive, eps: float, iterations: int) -> dict[str, Tails]:
    """The tails of every gate of ``cell`` that has open and closed ends."""
    import numpy as np

    with np.errstate(all="ignore"):
        z = _Field(cell, drive).settle(iterations)
    found = {}
    for gate, (mean, variance) in z.items():
        activation = cell.f if gate not in ("cell", "candidate") else cell.g
        if gate == "state":
            found[gate] = _state_tails(mean, variance, activation, eps)
        elif activation.gate and gate not in ("cell", "candidate"):
            found[gate] = _tails(mean, variance, activation, eps, cell.clip)
    if cell.coupled and "input" in found:
        i = found["input"]
        found["forget"] = Tails(-i.mean, i.deviation, i.open, i.closed, i.slope)
    return found


def _tails(mean: Array, variance: Array, activation: Activation, eps: float, clip: float | None) -> Tails:
    import numpy as np

    low, high = activation.threshold(eps), activation.threshold(1 - eps)
    deviation = np.sqrt(np.maximum(variance, 1e-24))
    closed, opened = below((low - mean) / deviation), below((mean - high) / deviation)
    if clip is not None:
        closed = closed if -clip < low else np.zeros_like(closed)
        opened = opened if clip > high else np.zeros_like(opened)
    value, square = expected(activation, mean, variance)
    return Tails(mean, deviation, closed, opened, value - square)


def _state_tails(mean: Array, variance: Array, activation: Activation, eps: float) -> Tails:
    """For a tanh state, the ends are h < -(1 - eps) and h > 1 - eps."""
    import numpy as np

    deviation = np.sqrt(np.maximum(variance, 1e-24))
    if activation.name != "tanh":
        none = np.zeros_like(mean)
        return Tails(mean, deviation, none, none, none)
    limit = np.arctanh(1 - eps)
    _, square = expected(activation, mean, variance)
    return Tails(
        mean,
        deviation,
        below((-limit - mean) / deviation),
        below((mean - limit) / deviation),
        1 - square,
    )


def below(x: Array) -> Array:
    """The standard normal distribution function."""
    import numpy as np

    root = sqrt(2.0)
    return np.array([0.5 * erfc(-v / root) for v in x.tolist()])


@cache
def _quadrature() -> tuple[Array, Array]:
    """15-point Gauss-Hermite nodes and weights for a standard normal variable."""
    import numpy as np

    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    return nodes, weights / weights.sum()


def expected(activation: Activation, mean: Array, variance: Array) -> Moments:
    """E[a(z)] and E[a(z)^2] for z ~ N(mean, variance)."""
    import numpy as np

    nodes, weights = _quadrature()
    z = mean[:, None] + np.sqrt(np.maximum(variance, 0.0))[:, None] * nodes
    value = activation(z)
    return value @ weights, value**2 @ weights


def quadratic(weights: Array, mean: Array, variance: Array) -> Moments:
    """Mean and variance of ``weights @ v`` for independent v."""
    import numpy as np

    rows = len(weights)
    first, second = np.empty(rows), np.empty(rows)
    dtype = np.float32 if weights.dtype.itemsize <= 4 else np.float64
    for some, part in blocks(weights, dtype):
        first[some] = part @ mean.astype(dtype)
        second[some] = np.square(part) @ variance.astype(dtype)
    return first, second


def input_moments(drive: Drive) -> Moments:
    """Mean and variance of each input feature: measured, of the layer below or the rows, of the box, N(0, 1).

    A half-known box rectifies N(0, 1) at its known end, as a Relu would.
    """
    import numpy as np

    if drive.mean is not None and drive.variance is not None:
        return drive.mean, drive.variance
    if drive.runs is not None:
        flat = drive.runs[0].reshape(-1, drive.runs[0].shape[-1])
        return flat.mean(axis=0, dtype=np.float64), flat.var(axis=0, dtype=np.float64)
    if drive.table is not None:
        table = drive.table
        return table.mean(axis=0, dtype=np.float64), table.var(axis=0, dtype=np.float64)
    if all(drive.known):
        return (drive.lo + drive.hi) / 2, (drive.hi - drive.lo) ** 2 / 12
    if any(drive.known):
        nodes = np.sqrt(2.0) * np.linspace(-4, 4, 401)
        density = np.exp(-(nodes**2) / 2)
        density /= density.sum()
        low = drive.lo if drive.known[0] else np.full_like(drive.lo, -np.inf)
        high = drive.hi if drive.known[1] else np.full_like(drive.hi, np.inf)
        inside = np.clip(nodes[None, :], low[:, None], high[:, None])
        mean = inside @ density
        return mean, inside**2 @ density - mean**2
    return np.zeros_like(drive.lo), np.ones_like(drive.lo)


class _Field:
    def __init__(self, cell: Recurrence, drive: Drive) -> None:
        import numpy as np

        self.cell = cell
        moments = input_moments(drive)
        self.driven = {q: quadratic(cell.W[q], *moments) for q in cell.gates}
        n = cell.hidden
        self.h = self.c = (np.zeros(n), np.zeros(n))
        self.most = 1 - 1 / max(cell.steps or HORIZON, 2)

    def settle(self, iterations: int) -> dict[str, Moments]:
        """Moments of every z after ``iterations`` damped steps."""
        advance = {"LSTM": self._lstm, "GRU": self._gru, "RNN": self._rnn}[self.cell.kind]
        z = advance()
        for _ in range(iterations - 1):
            z = advance()
        return z

    def _z(self, gate: str) -> Moments:
        cell = self.cell
        mean, variance = self.driven[gate]
        rmean, rvariance = quadratic(cell.R[gate], *self.h)
        mean, variance = mean + rmean + cell.bias(gate), variance + rvariance
        weights = cell.P.get(gate)
        if weights is not None:
            mean = mean + weights * self.c[0]
            variance = variance + weights.astype(float) ** 2 * self.c[1]
        return mean, variance

    def _damp(self, old: Moments, new: Moments) -> Moments:
        mixed = [DAMPING * a + (1 - DAMPING) * b for a, b in zip(old, new, strict=True)]
        return mixed[0], mixed[1]

    def _lstm(self) -> dict[str, Moments]:
        import numpy as np

        cell = self.cell
        z = {q: self._z(q) for q in cell.gates}
        i, i2 = expected(cell.f, *z["input"])
        f, f2 = (1 - i, 1 - 2 * i + i2) if cell.coupled else expected(cell.f, *z["forget"])
        g, g2 = expected(cell.g, *z["cell"])
        o, o2 = expected(cell.f, *z["output"])
        f, f2 = np.minimum(f, self.most), np.minimum(f2, self.most)
        c = i * g / (1 - f)
        c2 = (i2 * g2 + 2 * f * c * i * g) / (1 - f2)
        self.c = self._damp(self.c, (c, np.maximum(c2 - c**2, 0.0)))
        seen, seen2 = expected(cell.h, *self.c)
        h = o * seen
        self.h = self._damp(self.h, (h, np.maximum(o2 * seen2 - h**2, 0.0)))
        return z

    def _gru(self) -> dict[str, Moments]:
        import numpy as np

        cell = self.cell
        z = {q: self._z(q) for q in ("update", "reset")}
        u, u2 = expected(cell.f, *z["update"])
        r, r2 = expected(cell.f, *z["reset"])
        b, rb = (p["candidate"].astype(np.float64) for p in (cell.b, cell.rb))
        mean, variance = self.driven["candidate"]
        if cell.linear_before_reset:
            rmean, rvariance = quadratic(cell.R["candidate"], *self.h)
            rmean = rmean + rb
            mean = mean + r * rmean + b
            variance = variance + r2 * (rvariance + rmean**2) - (r * rmean) ** 2
        else:
            kept = r * self.h[0]
            spread = r2 * (self.h[1] + self.h[0] ** 2) - kept**2
            rmean, rvariance = quadratic(cell.R["candidate"], kept, spread)
            mean, variance = mean + rmean + rb + b, variance + rvariance
        z["candidate"] = mean, np.maximum(variance, 0.0)
        g, g2 = expected(cell.g, *z["candidate"])
        u2 = np.minimum(u2, self.most)
        h2 = ((1 - 2 * u + u2) * g2 + 2 * (u - u2) * g * self.h[0]) / (1 - u2)
        self.h = self._damp(self.h, (g, np.maximum(h2 - g**2, 0.0)))
        return z

    def _rnn(self) -> dict[str, Moments]:
        import numpy as np

        z = self._z("state")
        h, h2 = expected(self.cell.f, *z)
        self.h = self._damp(self.h, (h, np.maximum(h2 - h**2, 0.0)))
        return {"state": z}
