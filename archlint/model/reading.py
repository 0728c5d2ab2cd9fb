"""`Reading`: how much of a model's weights may be read, and what could not be."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from archlint.errors import LoadError, WeightsUnread

if TYPE_CHECKING:
    from archlint.model.weight import Weight

KEPT = 16 << 20
"""Bytes of a model's numbers that are held for whoever asks next."""


class Reading:
    """The policy that the weights of one model share.

    ``auto`` reads ``budget`` bytes of a model: tensors up to a certain size whole, of larger ones
    that size in blocks, so that the sum stays within the budget. ``all`` reads everything, ``none``
    nothing. Failures are noted in ``problems``, one for all tensors that failed alike.
    """

    def __init__(self, mode: str = "all", budget: int = 256 << 20) -> None:
        self.mode = mode
        self.budget = budget
        self.weights: list[Weight] = []
        self.problems: list[LoadError] = []
        self.surveyed = False
        self._level: int | None = None
        self._held: deque[tuple[Weight, int]] = deque()
        self._total = 0
        self._counts: dict[tuple[str, str], int] = {}
        self._known: dict[tuple[str, str], LoadError] = {}

    @property
    def level(self) -> int:
        """Bytes that are read of any one tensor: the whole of smaller ones."""
        if self._level is None:
            rest, level = self.budget, self.budget
            sizes = sorted(w.nbytes or 0 for w in self.weights)
            if self.mode == "all" or sum(sizes) <= rest:
                level = max(sizes, default=0)
            else:
                for i, size in enumerate(sizes):
                    level = rest // (len(sizes) - i)
                    if size > level:
                        break
                    rest -= size
            self._level = level
        return self._level

    def keep(self, weight: Weight, size: int) -> None:
        """Note that the numbers of ``weight`` are held, ``size`` bytes; the oldest are let go for them."""
        self._held.append((weight, size))
        self._total += size
        while self._total > KEPT and len(self._held) > 1:
            oldest, freed = self._held.popleft()
            oldest.let_go()
            self._total -= freed

    def allow(self, weight: Weight) -> None:
        """Raises `WeightsUnread` when the numbers of ``weight`` may not be read as a whole."""
        if self.mode == "none":
            raise WeightsUnread(f"'{weight.name}' was not read (--weights none)")
        size = weight.nbytes or 0
        if self.mode == "auto" and size > self.budget:
            next(weight.blocks(), None)  # a size that is a lie is a defect, not a policy
            raise WeightsUnread(f"'{weight.name}' has {size:,} bytes, too many to be read (--weights auto)")

    def failed(self, weight: Weight, error: LoadError) -> None:
        """Note that ``weight`` cannot be read; tensors that fail for one reason are counted together."""
        key = (error.code, weight.external or "")
        count = self._counts[key] = self._counts.get(key, 0) + 1
        first = self._known.get(key)
        if first is None:
            self._known[key] = error
            self.problems.append(error)
            first = error
        noun = "1 tensor" if count == 1 else f"{count:,} tensors"
        first.notes = (f"shape and cost checks go on; weight rules skipped for {noun}",)
