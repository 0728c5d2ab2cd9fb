"""`Recurrent`: every recurrent cell of a model, judged gate by gate, or the reason it was not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from archlint.analyses.dataflow import attributes
from archlint.analyses.recurrent.calibration import Sample, informed, ordered, seen
from archlint.analyses.recurrent.decomposed import Found, decomposed
from archlint.analyses.recurrent.drive import drive_of, turned
from archlint.analyses.recurrent.form import CONTRADICTIONS, contradiction
from archlint.analyses.recurrent.operators import KINDS, Site, directions, recurrences
from archlint.analyses.recurrent.sampling import Samples
from archlint.analyses.recurrent.streams import Streams
from archlint.analyses.recurrent.verdicts import Gate, judge
from archlint.errors import Undetermined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archlint.analyses.analysis import Analysis
    from archlint.analyses.recurrent.box import Box
    from archlint.analyses.recurrent.cell import Drive, Recurrence
    from archlint.analyses.recurrent.rollout import Measured
    from archlint.model import Node, Place


FEW = 100
"""Steps below which a share of 99 % of them means all of them."""
NOT_MEASURED = "not calibrated, because "


@dataclass(frozen=True, slots=True)
class InputRange:
    """The box that a verdict holds for, over all features, and where it comes from."""

    lo: float
    hi: float
    source: str

    def __str__(self) -> str:
        return f"[{self.lo:.4g}, {self.hi:.4g}]"


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One recurrent cell in one direction.

    ``form`` is operator, quantized or decomposed; ``reason`` says why a cell is not ``analysed``.
    ``count`` is the number of steps of an unrolled cell that share these weights. ``notes`` are
    the assumptions its verdicts rest on.
    """

    name: str
    op: str
    node: Node
    scope: tuple[str, ...]
    direction: str
    form: str
    hidden_size: int | None
    input_size: int | None
    reason: str | None = None
    input_range: InputRange | None = None
    gates: dict[str, Gate] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    count: int = 1
    told: str = ""
    """What bounds the input, for messages."""
    recurrence: Recurrence | None = field(default=None, repr=False)
    drive: Drive | None = field(default=None, repr=False)
    box: Box | None = field(default=None, repr=False)

    @property
    def analysed(self) -> bool:
        """True when the gates were judged."""
        return self.reason is None

    @property
    def uncalibrated(self) -> str | None:
        """Why its gates were not measured, when calibration data was given; None when they were."""
        return next((n.removeprefix(NOT_MEASURED) for n in self.notes if n.startswith(NOT_MEASURED)), None)

    @property
    def title(self) -> str:
        """What to call it in a sentence: the operator, and the direction where there are two."""
        text = self.op if self.form != "decomposed" else f"{self.op} cell"
        return f"{text} ({self.direction})" if self.direction != "forward" else text

    @property
    def premise(self) -> str:
        """What every bound holds for: the range of x and where it comes from."""
        told = self.input_range
        if told is None:
            return "nothing"
        ways = {
            "assumed": "assumed",
            "configured": "configured",
            "graph": f"from {self.told}" if self.told else "from the graph",
            "embedding": "embedding rows",
            "calibration": "calibration data",
        }
        return f"x in {told} ({ways.get(told.source, told.source)})"

    def at(self, subject: str) -> Place:
        """Where findings about ``subject`` (a gate, an end of it) stand; the direction is added."""
        return self.node.at(f"{self.direction} {subject}")

    @property
    def sequence_length(self) -> int | None:
        """Number of steps where it is fixed."""
        return self.recurrence.steps if self.recurrence is not None else None


class Recurrent:
    """The cells of a model, in the order of its graphs; computed when first asked for."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis

    @cached_property
    def cells(self) -> list[Cell]:
        """Every cell and direction."""
        sites, spelt = self._sites, self._spelt
        return [c for site in sites for c in self._operator(site)] + [self._decomposed(f) for f in spelt]

    @cached_property
    def _sites(self) -> list[Site]:
        flow = self.analysis.dataflow
        return [Site(scope, s) for scope in flow.scopes for s in scope.steps if s.node.kind in KINDS]

    @cached_property
    def _spelt(self) -> list[Found]:
        return decomposed(self.analysis)

    @cached_property
    def _streams(self) -> Streams:
        return Streams(self.analysis.dataflow)

    @cached_property
    def _samples(self) -> Samples:
        return Samples(self.analysis, self._sites, self._spelt)

    @property
    def calibration_problem(self) -> str | None:
        """Why the calibration data could not be used; None when it was, or when there is none."""
        return self._samples.problem

    def _decomposed(self, found: Found) -> Cell:
        update, numbers, drive = found.update, found.recurrence, found.drive
        node, path, reason = update.step.node, update.scope.path, found.reason
        if numbers is not None and drive is not None:
            sample = self._samples.decomposed(found) if self.analysis.calibration is not None else None
            try:
                return self._judged(
                    node, path, found.direction, "decomposed", numbers, drive, sample, found.count
                )
            except CONTRADICTIONS as error:
                reason = contradiction(error)
        return Cell(node.label, update.kind, node, path, "forward", "decomposed", None, None, reason)

    def gates(self, name: str) -> Iterator[tuple[Cell, Gate]]:
        """Gate ``name`` of every analysed cell that has one."""
        for cell in self.cells:
            if name in cell.gates:
                yield cell, cell.gates[name]

    def of(self, node: Node) -> list[Cell]:
        """The cells of one node."""
        return [c for c in self.cells if c.node is node]

    def _operator(self, site: Site) -> list[Cell]:
        try:
            return self._analysed(site)
        except Undetermined as unknown:
            reason = unknown.reason
        except CONTRADICTIONS as error:
            reason = contradiction(error)
        node, attrs = site.step.node, attributes(site.scope, site.step.node)
        form, size = _form(site), attrs.get("hidden_size")
        n = size if isinstance(size, int) else None
        return [
            Cell(node.label, site.kind, node, site.scope.path, way, form, n, None, reason)
            for way in directions(attrs)
        ]

    def _analysed(self, site: Site) -> list[Cell]:
        """The cells of an operator; raises `Undetermined`, or one of `CONTRADICTIONS`."""
        analysis, node, form = self.analysis, site.step.node, _form(site)
        made = recurrences(analysis, site)
        source = analysis.dataflow.origin(site.name(0), site.scope)
        drive = drive_of(analysis, source, made[0][1].inputs)
        drive = replace(drive, runs=self._streams.of(source, made[0][1].inputs))
        self._streams.add(site.step, made, drive)
        asked = analysis.calibration is not None
        return [
            self._judged(
                node,
                site.scope.path,
                way,
                form,
                numbers,
                turned(drive) if way == "reverse" else drive,
                self._samples.operator(site, d) if asked else None,
            )
            for d, (way, numbers) in enumerate(made)
        ]

    def _judged(
        self,
        node: Node,
        path: tuple[str, ...],
        direction: str,
        form: str,
        numbers: Recurrence,
        drive: Drive,
        sample: Sample | None,
        count: int = 1,
    ) -> Cell:
        """A cell with its verdicts, on calibration data where there is some for it."""
        if self.analysis.calibration is None:
            return cell_of(node, path, direction, form, numbers, drive, count)
        if sample is None or sample.x.shape[-1] != numbers.inputs:
            why = self._samples.problem or "the run does not reach its input"
            noted = replace(numbers, notes=(*numbers.notes, NOT_MEASURED + why))
            return cell_of(node, path, direction, form, noted, drive, count)
        gates = tuple(q for q in numbers.gates if q not in ("cell", "candidate"))
        shares = seen(numbers, ordered(sample, direction), gates)
        steps = min((m.steps for m in shares.values()), default=0)
        if steps < FEW:
            few = f"the calibration data has only {steps} steps for it, too few to tell 99 %"
            numbers = replace(numbers, notes=(*numbers.notes, few))
        return cell_of(node, path, direction, form, numbers, informed(drive, sample), count, shares)


def _form(site: Site) -> str:
    return "quantized" if site.quantized else "operator"


def cell_of(
    node: Node,
    scope: tuple[str, ...],
    direction: str,
    form: str,
    recurrence: Recurrence,
    drive: Drive,
    count: int = 1,
    shares: dict[str, Measured] | None = None,
) -> Cell:
    """A cell with its verdicts; ``shares`` are measured on real inputs."""
    verdict = judge(recurrence, drive, seen=shares)
    told = InputRange(float(drive.lo.min()), float(drive.hi.max()), drive.source)
    return Cell(
        node.label,
        recurrence.kind,
        node,
        scope,
        direction,
        form,
        recurrence.hidden,
        recurrence.inputs,
        None,
        told,
        verdict.gates,
        verdict.notes,
        count,
        drive.told,
        recurrence,
        drive,
        verdict.box,
    )


def listed(units: tuple[int, ...], most: int = 8) -> str:
    """Unit numbers for a message: ``3, 7, 12 and 9 more``."""
    text = ", ".join(str(u) for u in units[:most])
    return f"{text} and {len(units) - most} more" if len(units) > most else text
