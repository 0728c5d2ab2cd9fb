"""Activation functions of recurrent cells: values, slopes, and images of intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]

DEFAULTS: dict[str, tuple[float, float]] = {
    "relu": (0.0, 0.0),
    "tanh": (0.0, 0.0),
    "sigmoid": (0.0, 0.0),
    "softsign": (0.0, 0.0),
    "softplus": (0.0, 0.0),
    "affine": (1.0, 0.0),
    "leakyrelu": (0.01, 0.0),
    "thresholdedrelu": (1.0, 0.0),
    "scaledtanh": (1.0, 1.0),
    "hardsigmoid": (0.2, 0.5),
    "elu": (1.0, 0.0),
}
"""alpha and beta where the model gives none (ONNX LSTM, GRU, RNN)."""


@dataclass(frozen=True, slots=True)
class Activation:
    """One of ONNX's recurrent activation functions, ``name`` in lower case."""

    name: str
    alpha: float = 0.0
    beta: float = 0.0

    @classmethod
    def named(cls, name: str, alpha: float | None = None, beta: float | None = None) -> Activation:
        """The function ``name`` in any case; raises ValueError for a name ONNX does not have."""
        key = name.lower()
        if key not in DEFAULTS:
            message = f"activation '{name}' is unknown"
            raise ValueError(message)
        a, b = DEFAULTS[key]
        return cls(key, a if alpha is None else float(alpha), b if beta is None else float(beta))

    @property
    def gate(self) -> bool:
        """True for a squashing function into [0, 1], for which open and closed have a meaning."""
        return self.name == "sigmoid" or (self.name == "hardsigmoid" and self.alpha > 0)

    @property
    def critical(self) -> tuple[float, ...]:
        """Where a function that is not monotone turns or jumps."""
        if self.alpha >= 0:
            return ()
        at = {"leakyrelu": (0.0,), "elu": (0.0,), "thresholdedrelu": (self.alpha,)}
        return at.get(self.name, ())

    def __call__(self, z: Array) -> Any:
        """The value at each element of ``z``; complex arguments are followed analytically."""
        import numpy as np

        a, b = z.dtype.type(self.alpha), z.dtype.type(self.beta)
        real = z.real if np.iscomplexobj(z) else z
        match self.name:
            case "sigmoid":
                return sigmoid(z)
            case "tanh":
                return np.tanh(z)
            case "relu":
                return np.where(real > 0, z, z * 0)
            case "softsign":
                return z / (1 + np.where(real >= 0, z, -z))
            case "softplus":
                return np.log1p(np.exp(-np.where(real >= 0, z, -z))) + np.where(real > 0, z, z * 0)
            case "affine":
                return a * z + b
            case "leakyrelu":
                return np.where(real >= 0, z, a * z)
            case "thresholdedrelu":
                return np.where(real >= self.alpha, z, z * 0)
            case "scaledtanh":
                return a * np.tanh(b * z)
            case "hardsigmoid":
                inner = a * z + b
                flat = inner.real if np.iscomplexobj(inner) else inner
                return np.where(flat <= 0, z * 0, np.where(flat >= 1, z * 0 + 1, inner))
            case _:
                return np.where(real >= 0, z, a * (np.exp(np.where(real < 0, z, z * 0)) - 1))

    def slope(self, z: Array) -> Any:
        """The derivative at each element of ``z``; one-sided from the right where it jumps.

        sigmoid' = s(1 - s), tanh' = 1 - tanh^2; exactly 0 where HardSigmoid is flat.
        """
        import numpy as np

        a, b = self.alpha, self.beta
        match self.name:
            case "sigmoid":
                return sigmoid(z) * sigmoid(-z)
            case "tanh":
                return 1 - np.tanh(z) ** 2
            case "relu":
                return np.where(z >= 0, 1.0, 0.0)
            case "softsign":
                return 1 / (1 + np.abs(z)) ** 2
            case "softplus":
                return sigmoid(z)
            case "affine":
                return np.full_like(z, a)
            case "leakyrelu":
                return np.where(z >= 0, 1.0, a)
            case "thresholdedrelu":
                return np.where(z >= a, 1.0, 0.0)
            case "scaledtanh":
                return a * b * (1 - np.tanh(b * z) ** 2)
            case "hardsigmoid":
                inner = a * z + b
                return np.where((inner > 0) & (inner < 1), a, 0.0)
            case _:
                return np.where(z >= 0, 1.0, a * np.exp(np.minimum(z, 0)))

    def steepest(self, lo: Array, hi: Array) -> Any:
        """The largest absolute slope over [lo, hi].

        The slopes of the squashing functions fall off on both sides of 0, so theirs is at the
        point of the interval that is nearest 0; the others' is at an end or at a kink.
        """
        import numpy as np

        nearest = np.clip(np.zeros_like(lo), lo, hi)
        if self.name in ("sigmoid", "tanh", "softsign", "scaledtanh"):
            return np.abs(self.slope(nearest))
        points = [lo, hi, nearest, np.clip(np.nextafter(nearest, -np.inf), lo, hi)]
        for kink in self._kinks():
            at = np.clip(np.full_like(lo, kink), lo, hi)
            points += [
                at,
                np.clip(np.nextafter(at, -np.inf), lo, hi),
                np.clip(np.nextafter(at, np.inf), lo, hi),
            ]
        with np.errstate(all="ignore"):
            return np.nanmax([np.abs(self.slope(p)) for p in points], axis=0)

    def _kinks(self) -> tuple[float, ...]:
        if self.name == "thresholdedrelu":
            return (self.alpha,)
        if self.name == "hardsigmoid" and self.alpha:
            return (-self.beta / self.alpha, (1 - self.beta) / self.alpha)
        return ()

    def image(self, lo: Array, hi: Array) -> tuple[Any, Any]:
        """The smallest interval that holds the values over [lo, hi]; ends may be infinite."""
        import numpy as np

        with np.errstate(all="ignore"):
            ends = [self._end(lo), self._end(hi)]
            for point in self.critical:
                at = np.clip(np.full_like(lo, point), lo, hi)
                ends.append(self._end(at))
        return np.min(ends, axis=0), np.max(ends, axis=0)

    def _end(self, z: Array) -> Any:
        """The value or, at an infinite argument, the limit."""
        import numpy as np

        value = self(z)
        if np.isfinite(z).all():
            return value
        limit = np.where(z > 0, *self._limits()[::-1])
        return np.where(np.isfinite(z), value, limit)

    def _limits(self) -> tuple[float, float]:
        """Limits at minus and plus infinity."""
        a, b = self.alpha, self.beta
        inf = float("inf")

        def along(slope: float, sign: float) -> float:
            return sign * slope * inf if slope else b if self.name == "affine" else 0.0

        match self.name:
            case "sigmoid":
                return 0.0, 1.0
            case "tanh" | "softsign":
                return -1.0, 1.0
            case "relu" | "softplus" | "thresholdedrelu":
                return 0.0, inf
            case "affine":
                return along(a, -1.0), along(a, 1.0)
            case "leakyrelu":
                return along(a, -1.0), inf
            case "scaledtanh":
                end = a if b > 0 else -a if b < 0 else 0.0
                return -end, end
            case "hardsigmoid":
                if not a:
                    flat = min(max(b, 0.0), 1.0)
                    return flat, flat
                return (0.0, 1.0) if a > 0 else (1.0, 0.0)
            case _:
                return -a, inf

    def threshold(self, value: float) -> float:
        """The z at which a gate reaches ``value``: ln(v/(1-v)), or (v - beta)/alpha for HardSigmoid."""
        import math

        if self.name == "sigmoid":
            return math.log(value) - math.log1p(-value)
        return (value - self.beta) / self.alpha


def sigmoid(z: Array) -> Any:
    """1/(1 + exp(-z)), computed without overflow on either side."""
    import numpy as np

    real = z.real if np.iscomplexobj(z) else z
    small = np.exp(-np.where(real >= 0, z, -z))
    return np.where(real >= 0, 1 / (1 + small), small / (1 + small))


SIGMOID = Activation("sigmoid")
TANH = Activation("tanh")
