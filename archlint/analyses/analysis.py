"""`Analysis`: every analysis of one model, each computed once, when first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from archlint.analyses.shapes import Propagation, Shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archlint.analyses.constants import Constants
    from archlint.analyses.costs import Costs
    from archlint.analyses.dataflow import Dataflow
    from archlint.analyses.memory import Memory
    from archlint.analyses.pinned import Dims
    from archlint.analyses.ranges import Ranges
    from archlint.analyses.recurrent import Recurrent
    from archlint.analyses.recurrent.calibration import Calibration
    from archlint.model import Model
    from archlint.ops import Interval, Registry
    from archlint.symbolic import Dim


class Analysis:
    """Shapes, costs, memory, ranges and recurrent gates of a model, lazily.

    ``dims`` fixes symbols or bounds them, ``(least, greatest)``; ``shapes`` the shapes of graph inputs. Asking for ``shapes`` or
    ``costs`` reads no weight beyond the small ones that decide shapes. ``input_ranges`` gives what
    is known of graph inputs; ``assumed_range`` closes a side of a recurrent cell's input that the
    graph leaves open: [-1, 1] is an assumption, and every result that rests on it says so, a range
    that is given counts as known. ``calibration`` holds real inputs on which the gates are measured.
    """

    def __init__(
        self,
        model: Model,
        *,
        dims: Mapping[str, Dim | tuple[int, int | None]] | None = None,
        shapes: Mapping[str, tuple[Dim, ...]] | None = None,
        operators: Registry | None = None,
        input_ranges: Mapping[str, Interval] | None = None,
        assumed_range: tuple[float, float] | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self.model = model
        self._dims = dims
        self._shapes = shapes
        self._operators = operators
        self._input_ranges = input_ranges
        self.range_given = assumed_range is not None
        self.assumed_range = assumed_range or (-1.0, 1.0)
        self.calibration = calibration

    @cached_property
    def shapes(self) -> Shapes:
        """Facts of every tensor, and the contradictions met on the way."""

        def walk(dims: Dims) -> Shapes:
            return Propagation(self.model, dims, self._shapes, self._operators).run()

        found = walk(self._dims or {})
        if self._dims and found.defects:
            from archlint.analyses.pinned import blamed

            blamed(found, self.model.graph, self._dims, walk)
        return found

    @cached_property
    def costs(self) -> Costs:
        """Operation counts of every step and in total."""
        from archlint.analyses.costs import Counting

        return Counting(self.model, self.shapes).run()

    @cached_property
    def memory(self) -> Memory:
        """Activations that are live at each step, and their peak."""
        from archlint.analyses.memory import Liveness

        return Liveness(self.shapes, self.costs).run()

    @cached_property
    def dataflow(self) -> Dataflow:
        """Tensors followed upstream, through bodies and function calls."""
        from archlint.analyses.dataflow import Dataflow

        return Dataflow(self.model, self.shapes)

    @cached_property
    def constants(self) -> Constants:
        """Numbers of tensors that no run-time input decides."""
        from archlint.analyses.constants import Constants

        return Constants(self.dataflow)

    @cached_property
    def ranges(self) -> Ranges:
        """Values that tensors can take."""
        from archlint.analyses.ranges import Ranges

        return Ranges(self.dataflow, self.constants, self._input_ranges)

    @cached_property
    def recurrent(self) -> Recurrent:
        """Gates of every recurrent cell: where they can be, and which are stuck."""
        from archlint.analyses.recurrent import Recurrent

        return Recurrent(self)
