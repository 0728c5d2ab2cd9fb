"""`Analysis`: every analysis of one model, each computed once, when first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from archlint.analyses.shapes import Propagation, Shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archlint.analyses.costs import Costs
    from archlint.model import Model
    from archlint.ops import Registry
    from archlint.symbolic import Dim


class Analysis:
    """Shapes, costs, memory, ranges and recurrent gates of a model, lazily.

    ``dims`` fixes symbols, ``shapes`` the shapes of graph inputs. Asking for ``shapes`` or
    ``costs`` reads no weight beyond the small ones that decide shapes.
    """

    def __init__(
        self,
        model: Model,
        *,
        dims: Mapping[str, Dim] | None = None,
        shapes: Mapping[str, tuple[Dim, ...]] | None = None,
        operators: Registry | None = None,
    ) -> None:
        self.model = model
        self._dims = dims
        self._shapes = shapes
        self._operators = operators

    @cached_property
    def shapes(self) -> Shapes:
        """Facts of every tensor, and the contradictions met on the way."""
        return Propagation(self.model, self._dims, self._shapes, self._operators).run()

    @cached_property
    def costs(self) -> Costs:
        """Operation counts of every step and in total."""
        from archlint.analyses.costs import Counting

        return Counting(self.model, self.shapes).run()
