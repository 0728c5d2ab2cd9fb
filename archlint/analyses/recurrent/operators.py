"""Cells that are operators: LSTM, GRU, RNN and com.microsoft::DynamicQuantizeLSTM."""

# ruff: noqa: N806 - W, R, B and P are the names of the ONNX pages

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.dataflow import attributes
from archlint.analyses.recurrent.activations import Activation
from archlint.analyses.recurrent.cell import GATES, Recurrence
from archlint.analyses.recurrent.drive import per_feature
from archlint.analyses.recurrent.quantized import LARGE, Quantised
from archlint.errors import Undetermined

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from archlint.analyses.analysis import Analysis
    from archlint.analyses.shapes import Scope, Step

    Array: TypeAlias = np.ndarray[Any, Any]
    Span: TypeAlias = tuple[Array, Array]

KINDS = {"LSTM": "LSTM", "GRU": "GRU", "RNN": "RNN", "com.microsoft::DynamicQuantizeLSTM": "LSTM"}
"""Operator kinds that are recurrent cells, with the equations they follow."""
_DEFAULTS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}
_WITH_ALPHA = frozenset({"affine", "leakyrelu", "thresholdedrelu", "scaledtanh", "hardsigmoid", "elu"})
_WITH_BETA = frozenset({"affine", "scaledtanh", "hardsigmoid"})


@dataclass(frozen=True, slots=True)
class Site:
    """A recurrent operator where it runs."""

    scope: Scope
    step: Step

    @property
    def kind(self) -> str:
        """LSTM, GRU or RNN."""
        return KINDS[self.step.node.kind]

    @property
    def quantized(self) -> bool:
        """True for the operator whose weights are int8."""
        return self.step.node.op_type == "DynamicQuantizeLSTM"

    def name(self, index: int) -> str:
        """Name of input ``index``; empty where it is left out."""
        inputs = self.step.node.inputs
        return inputs[index] if index < len(inputs) else ""


def directions(attrs: Mapping[str, Any]) -> tuple[str, ...]:
    """The directions a cell runs in, in the order of its weights."""
    given = attrs.get("direction", "forward")
    return ("forward", "reverse") if given == "bidirectional" else (str(given),)


def activations(kind: str, attrs: Mapping[str, Any], count: int) -> list[list[Activation]]:
    """Activations of each direction; raises `Undetermined` for names ONNX does not have.

    ``activation_alpha`` and ``activation_beta`` are consumed in the order of the functions that
    have such a parameter, as onnxruntime does.
    """
    default = _DEFAULTS[kind]
    names = attrs.get("activations") or default * count
    if len(names) < len(default) * count:
        reason = f"{len(names)} activations where {len(default) * count} are needed"
        raise Undetermined(reason)
    alphas, betas = list(attrs.get("activation_alpha") or ()), list(attrs.get("activation_beta") or ())
    made: list[Activation] = []
    for name in names:
        key = str(name).lower()
        alpha = alphas.pop(0) if alphas and key in _WITH_ALPHA else None
        beta = betas.pop(0) if betas and key in _WITH_BETA else None
        try:
            made.append(Activation.named(str(name), alpha, beta))
        except ValueError as error:
            raise Undetermined(str(error)) from None
    size = len(default)
    return [made[i * size : (i + 1) * size] for i in range(count)]


def recurrences(analysis: Analysis, site: Site) -> list[tuple[str, Recurrence]]:
    """The cells of an operator, one for each direction; raises `Undetermined` with the reason."""
    import numpy as np

    attrs = attributes(site.scope, site.step.node)
    kind, ways = site.kind, directions(attrs)
    gates = GATES[kind]
    W, R = _weights(analysis, site)
    if W.ndim != 3 or R.ndim != 3 or len(W) != len(ways) or len(R) != len(ways):
        reason = f"its weights have shapes {list(W.shape)} and {list(R.shape)}"
        raise Undetermined(reason)
    n = R.shape[2]
    declared = attrs.get("hidden_size", n)
    if R.shape[1] != len(gates) * n or W.shape[1] != len(gates) * n or declared != n:
        reason = f"hidden_size {declared} does not fit weights {list(W.shape)} and {list(R.shape)}"
        raise Undetermined(reason)
    B = _optional(analysis, site, 3, (len(ways), 2 * len(gates) * n))
    P = _optional(analysis, site, 7, (len(ways), 3 * n)) if kind == "LSTM" else None
    for weights, what in ((W, "W"), (R, "R"), (B, "B"), (P, "P")):
        if weights is not None and not all(_finite(w) for w in _parts(weights)):
            reason = f"its weight {what} holds NaN or infinity"
            raise Undetermined(reason)
    functions = activations(kind, attrs, len(ways))
    clip = attrs.get("clip") or None
    steps, batch = _extent(site, attrs)
    made = []
    for d, way in enumerate(ways):
        f, g, h = (*functions[d], functions[d][0], functions[d][0])[:3]
        flat = np.zeros(2 * len(gates) * n, np.float32) if B is None else B[d]
        notes: list[str] = []
        peepholes = {} if P is None else {q: P[d, k * n : (k + 1) * n] for k, q in enumerate(gates[:3])}
        cell = Recurrence(
            kind,
            n,
            W.shape[2],
            {q: _rows(W, d, k * n, (k + 1) * n) for k, q in enumerate(gates)},
            {q: _rows(R, d, k * n, (k + 1) * n) for k, q in enumerate(gates)},
            {q: flat[k * n : (k + 1) * n] for k, q in enumerate(gates)},
            {q: flat[(len(gates) + k) * n : (len(gates) + k + 1) * n] for k, q in enumerate(gates)},
            f,
            g,
            h,
            peepholes,
            clip=float(clip) if clip else None,
            coupled=bool(attrs.get("input_forget", 0)) and kind == "LSTM",
            linear_before_reset=bool(attrs.get("linear_before_reset", 0)),
            h0=_initial(analysis, site, 5, n, notes, "initial_h"),
            c0=_initial(analysis, site, 6, n, notes, "initial_c") if kind == "LSTM" else None,
            steps=steps,
            batch=batch,
            padded=bool(site.name(4)),
            precision=_precision(W),
            notes=tuple(notes),
        )
        made.append((way, cell))
    return made


def _weights(analysis: Analysis, site: Site) -> tuple[Array | _Int8, Array | _Int8]:
    """W and R as [directions, gates * n, ...]."""
    constants = analysis.constants
    W = constants.of(site.name(1), site.scope)
    R = constants.of(site.name(2), site.scope)
    if not site.quantized:
        return _plain(W), _plain(R)
    return _int8(analysis, site, W, 8), _int8(analysis, site, R, 10)


def _int8(analysis: Analysis, site: Site, codes: Array, at: int) -> _Int8:
    """(codes - zero) * scale, stored [directions, inputs, gates * n], turned to [directions, gates * n, inputs]."""
    import numpy as np

    scale, zero = (analysis.constants.of(site.name(i), site.scope).astype(np.float32) for i in (at, at + 1))
    if codes.ndim != 3:
        raise Undetermined(f"its weights have shape {list(codes.shape)}")

    def spread(a: Array) -> Array:
        return a.reshape(len(codes), -1) if a.size > 1 else a.reshape(1, 1).repeat(len(codes), axis=0)

    return _Int8(codes.transpose(0, 2, 1), spread(scale), spread(zero))


@dataclass(frozen=True, slots=True, eq=False)
class _Int8:
    """int8 weights of every direction with their scales and zero points, [directions, 1 or gates * n]."""

    codes: Array
    scale: Array
    zero: Array

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.codes.shape)

    @property
    def ndim(self) -> int:
        return int(self.codes.ndim)

    @property
    def dtype(self) -> Any:
        return self.scale.dtype

    def __len__(self) -> int:
        return len(self.codes)


def _rows(weights: Array | _Int8, d: int, start: int, stop: int) -> Any:
    """One gate of one direction: floats, or int8 as it is stored where it is large."""
    if not isinstance(weights, _Int8):
        return weights[d, start:stop]
    scale, zero = (a[d] if a.shape[1] == 1 else a[d, start:stop] for a in (weights.scale, weights.zero))
    made = Quantised(weights.codes[d, start:stop], scale, zero)
    return made if made.size >= LARGE else made[:]


def _parts(weights: Array | _Int8) -> tuple[Array, ...]:
    return (weights.scale, weights.zero) if isinstance(weights, _Int8) else (weights,)


def _plain(array: Array) -> Array:
    """``array`` as NumPy can compute with it; float8 and the like are widened."""
    import numpy as np

    if array.dtype.name in ("float16", "float32", "float64", "bfloat16"):
        return array
    return array.astype(np.float32)


def _optional(analysis: Analysis, site: Site, index: int, shape: tuple[int, ...]) -> Array | None:
    name = site.name(index)
    if not name:
        return None
    array = analysis.constants.of(name, site.scope)
    if array.shape != shape:
        reason = f"input {index} has shape {list(array.shape)} where {list(shape)} is needed"
        raise Undetermined(reason)
    return _plain(array)


def _finite(array: Array) -> bool:
    import numpy as np

    with np.errstate(all="ignore"):
        return not array.size or bool(np.isfinite(float(array.min())) and np.isfinite(float(array.max())))


def _precision(array: Array | _Int8) -> str:
    return array.dtype.name if array.dtype.name in ("float16", "bfloat16", "float64") else "float32"


def _extent(site: Site, attrs: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Sequence length and batch size where they are fixed."""
    fact = site.step.ins[0] if site.step.ins else None
    if fact is None or fact.shape is None or len(fact.shape) != 3:
        return None, None
    first, second = (d if isinstance(d, int) else None for d in fact.shape[:2])
    return (second, first) if attrs.get("layout", 0) else (first, second)


def _initial(analysis: Analysis, site: Site, index: int, n: int, notes: list[str], what: str) -> Span | None:
    """Bounds of an initial state: from the graph, else h in [-1, 1] and c anything."""
    import numpy as np

    name = site.name(index)
    if not name:
        return None
    lo, hi = per_feature(analysis.ranges.of(name, site.scope), n)
    if np.isfinite(lo).all() and np.isfinite(hi).all():
        return lo, hi
    if what == "initial_h":
        notes.append("initial_h is an input, taken to lie in [-1, 1]")
        return np.maximum(lo, -1.0), np.minimum(hi, 1.0)
    notes.append("initial_c is an input and can be anything")
    return lo, hi
