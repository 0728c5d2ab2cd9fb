"""`Recurrence`: the numbers of one cell in one direction, gates by name, whatever they were stored as."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    from archlint.analyses.recurrent.activations import Activation

    Array: TypeAlias = np.ndarray[Any, Any]

GATES: dict[str, tuple[str, ...]] = {
    "LSTM": ("input", "output", "forget", "cell"),
    "GRU": ("update", "reset", "candidate"),
    "RNN": ("state",),
}
"""Gates of each kind in the order ONNX stores them: i o f c, z r h."""


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """What the input brings to a cell: its box, its statistics, or the rows it is chosen from.

    ``lo`` and ``hi`` have one entry for each input feature. ``table`` holds the only vectors that
    x can be (an embedding's rows). ``mean`` and ``variance`` describe x where they are known.
    """

    lo: Array
    hi: Array
    source: str = "assumed"
    told: str = ""
    table: Array | None = None
    mean: Array | None = None
    variance: Array | None = None
    known: tuple[bool, bool] = (False, False)
    """Which sides come from the graph or the user, and not from an assumption."""
    runs: tuple[Array, Array] | None = None
    """What the layer below gives [steps, batch, features], on its usual and on strained inputs."""


@dataclass(frozen=True, slots=True, eq=False)
class Recurrence:
    """Weights and switches of a cell.

    For each gate q: ``W[q]`` is [n, d], ``R[q]`` is [n, n], ``b[q]`` and ``rb[q]`` the input and
    recurrent bias, ``P[q]`` the peephole weights (LSTM). ``f``, ``g``, ``h`` are the activations
    of gates, candidate and output (LSTM: i o f, c, and h(C); GRU: z r, and h; RNN: f alone).
    ``coupled`` is LSTM's input_forget: f = 1 - i. ``h0``, ``c0`` bound the initial states.
    """

    kind: str
    hidden: int
    inputs: int
    W: dict[str, Array]
    R: dict[str, Array]
    b: dict[str, Array]
    rb: dict[str, Array]
    f: Activation
    g: Activation
    h: Activation
    P: dict[str, Array] = field(default_factory=dict)
    clip: float | None = None
    coupled: bool = False
    linear_before_reset: bool = False
    h0: tuple[Array, Array] | None = None
    c0: tuple[Array, Array] | None = None
    steps: int | None = None
    batch: int | None = None
    padded: bool = False
    """True with sequence_lens: steps behind the end of a sequence give 0."""
    precision: str = "float32"
    notes: tuple[str, ...] = ()

    @property
    def gates(self) -> tuple[str, ...]:
        """Names of the gates in ONNX order."""
        return GATES[self.kind]

    def bias(self, gate: str) -> Array:
        """Input and recurrent bias of a gate together, in float64."""
        import numpy as np

        both: Array = self.b[gate].astype(np.float64) + self.rb[gate].astype(np.float64)
        return both

    def spectral_radius(self) -> float:
        """The largest absolute eigenvalue of a plain RNN's R."""
        import numpy as np

        return float(np.abs(np.linalg.eigvals(self.R["state"].astype(np.float64))).max())
