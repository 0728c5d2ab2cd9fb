"""`Interval`: the values that a tensor's elements can take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    End: TypeAlias = "float | np.ndarray[Any, Any]"


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """``lo <= element <= hi``; each end a float, or an array that broadcasts to the tensor.

    ``source`` says where the knowledge comes from: ``graph`` when an operator or stored numbers
    give it, ``configured`` or ``calibration`` when the user did, ``embedding`` for table rows,
    ``assumed`` when an input range had to be assumed. ``array`` holds the numbers of a constant.
    """

    lo: End = float("-inf")
    hi: End = float("inf")
    source: str = "graph"
    array: np.ndarray[Any, Any] | None = None

    @property
    def bounded(self) -> bool:
        """True when neither end is infinite anywhere."""
        import numpy as np

        return bool(np.isfinite(self.lo).all() and np.isfinite(self.hi).all())

    def least(self) -> float:
        """The smallest lower end."""
        return float(self.lo) if isinstance(self.lo, (int, float)) else float(self.lo.min())

    def greatest(self) -> float:
        """The largest upper end."""
        return float(self.hi) if isinstance(self.hi, (int, float)) else float(self.hi.max())


ANY = Interval()
"""Nothing is known: sound for every tensor."""
