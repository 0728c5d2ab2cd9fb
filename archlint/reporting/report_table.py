"""The report for people: one row a layer, totals, and what was not counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archlint.model import fully_known, shape_text
from archlint.reporting.recurrent import HEADER, explain, recurrent_table
from archlint.reporting.safe import printable
from archlint.symbolic import Expr, free_symbols

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.table import Table

    from archlint.analyses import Analysis, Scope, Step
    from archlint.ops import Cost
    from archlint.symbolic import Dim

CONVENTION = (
    "mults counts every multiplication, adds every addition and subtraction, biases included; "
    "macs are the multiply-accumulate pairs of linear algebra alone"
)


@dataclass(frozen=True, slots=True)
class View:
    """What the table shows: its order, how many rows, and whether layers without arithmetic too."""

    sort: str = "order"
    top: int | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    index: int
    scope: Scope
    step: Step
    cost: Cost | None
    params: int
    folded: bool

    @property
    def idle(self) -> bool:
        """True for a layer that moves data or works on constants alone, and holds no weights."""
        c = self.cost
        return c is not None and (self.folded or (c.mults, c.adds, c.other) == (0, 0, 0)) and not self.params


NAME = 56
FORMULA = 72


def number(value: Dim | None) -> str:
    """A count with thousands separators, a formula (a long one as ``f(N)``), or ``?``."""
    if value is None:
        return "?"
    if not isinstance(value, Expr):
        return f"{value:,}"
    return f"f({', '.join(_symbols(value))})" if _long(value) else str(value)


def _long(value: Dim | None) -> bool:
    return isinstance(value, Expr) and len(str(value)) > FORMULA


def _symbols(value: Dim) -> list[str]:
    return sorted({symbol.name for symbol in free_symbols(value)})


def short(name: str) -> str:
    """A name that keeps both its ends when it is too long for a column.

    >>> short("model/" + "block/" * 12 + "conv")
    'model/block/block/block/blo…lock/block/block/block/conv'
    """
    if len(name) <= NAME:
        return name
    half = (NAME - 1) // 2
    return f"{name[:half]}…{name[-half:]}"


def size(count: Dim | None) -> str:
    """Bytes in the largest decimal unit that keeps a number above 1.

    >>> size(1_653_348)
    '1.65 MB'
    """
    if not isinstance(count, int):
        return number(count) + (" B" if count is not None else "")
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} B" if unit == "B" else f"{value:.3g} {unit}"
        value /= 1000
    raise AssertionError


def show(analysis: Analysis, console: Console, view: View) -> None:
    """Print the report of one model."""
    from rich.text import Text

    rows = list(_rows(analysis))
    shown = [r for r in rows if view.everything or not r.idle]
    if view.sort != "order":
        shown.sort(key=lambda r: _weight(r, view.sort), reverse=True)
    shown = shown[: view.top]
    console.print(Text(_heading(analysis), style="bold"))
    console.print(_table(analysis, shown, console.width))
    for line in _footer(analysis, rows, len(shown)):
        console.print(Text("  " + printable(line)), soft_wrap=True)
    if analysis.recurrent.cells:
        console.print()
        console.print(_recurrent(analysis))
        for cell in analysis.recurrent.cells:
            for line in explain(cell):
                console.print(Text("  " + printable(line)), soft_wrap=True)


def _recurrent(analysis: Analysis) -> Table:
    """One row a gate of a cell: how many units are stuck, and how surely."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, title="gates: proven/likely/possible units", title_justify="left"
    )
    for heading in HEADER:
        table.add_column(heading, overflow="fold")
    for row in recurrent_table(analysis):
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def _rows(analysis: Analysis) -> Iterator[_Row]:
    costs = analysis.costs
    index = 0
    for scope in analysis.shapes.scopes:
        for step in scope.steps:
            index += 1
            params = costs.parameters.of(step.node)
            yield _Row(index, scope, step, costs.of(step), params, id(step) in costs.folded)


def _weight(row: _Row, field: str) -> int:
    value = row.params if field == "params" else 0 if row.cost is None else getattr(row.cost, field)
    return value if isinstance(value, int) else sum(abs(c) for c in value.terms.values())


def _heading(analysis: Analysis) -> str:
    model = analysis.model
    opset = ", ".join(f"{d or 'ai.onnx'} {v}" for d, v in model.opsets.items())
    count = sum(len(s.steps) for s in analysis.shapes.scopes)
    return f"{printable(model.path)}   {model.format}, opset {opset}, {count} operator{'s' * (count != 1)}"


def _table(analysis: Analysis, rows: list[_Row], width: int) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    total = analysis.costs.total
    wide = width >= 110
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("layer", Text("total"), overflow="ellipsis", no_wrap=True, min_width=6)
    table.add_column("op", overflow="ellipsis", no_wrap=True, min_width=4)
    table.add_column("output", overflow="fold", min_width=8)
    if wide:
        table.add_column(
            "params", number(analysis.costs.parameters.learned), justify="right", overflow="fold"
        )
        table.add_column("macs", _total(analysis, total.macs), justify="right", overflow="fold")
    table.add_column("mults", _total(analysis, total.mults), justify="right", overflow="fold", min_width=9)
    table.add_column("adds", _total(analysis, total.adds), justify="right", overflow="fold", min_width=9)
    if wide:
        table.add_column("% mults", justify="right", no_wrap=True)
    for row in rows:
        cost, node = row.cost, row.step.node
        name = short("/".join((*row.scope.path, node.label)))
        shape = shape_text(row.step.outs[0].shape) if row.step.outs else ""
        cells = [str(row.index), name, node.op_type, shape]
        params = f"{row.params:,}" if row.params else ""
        if wide:
            cells += [params, number(None if cost is None else cost.macs)]
        cells += [
            number(None if cost is None else c) for c in ((cost.mults, cost.adds) if cost else (None,) * 2)
        ]
        if wide:
            cells.append(_share(cost, total))
        table.add_row(*(Text(printable(c)) for c in cells))
    return table


def _total(analysis: Analysis, count: Dim) -> str:
    """A total, said to be a lower bound where some operators were not counted."""
    if not analysis.costs.uncounted:
        return number(count)
    return "?" if count == 0 else f">= {number(count)}"


def _share(cost: Cost | None, total: Cost) -> str:
    if cost is None or not isinstance(cost.mults, int) or not isinstance(total.mults, int) or not total.mults:
        return ""
    return f"{100 * cost.mults / total.mults:.1f}"


def _open_inputs(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """Graph inputs with a size that has no name, so that no total can be a formula of it."""
    main = analysis.shapes.main
    for name in main.graph.inputs:
        shape = main.fact(name).shape
        if name not in main.graph.weights and shape is not None and not fully_known(shape):
            yield name, shape_text(shape)


def _peak(analysis: Analysis) -> str:
    memory = analysis.memory
    if memory.peak is None:
        return f"peak activations unknown: {memory.unknown}"
    where = "" if memory.step is None else f", at '{memory.step.node.label}'"
    return f"peak activations {size(memory.peak)}{where}"


def _counts(analysis: Analysis, rows: list[_Row]) -> Iterator[Dim | None]:
    """Every number of the report that may be a formula."""
    yield analysis.memory.peak
    for cost in (analysis.costs.total, *(row.cost for row in rows)):
        if cost is not None:
            yield from (cost.macs, cost.mults, cost.adds)


def _footer(analysis: Analysis, rows: list[_Row], shown: int) -> Iterator[str]:
    stored = analysis.costs.parameters
    apart = {
        "BatchNormalization statistics": stored.statistics,
        "quantisation scales and zero points": stored.quantization,
        "indices and shapes": stored.indices,
    }
    told = [f"{count:,} {what}" for what, count in apart.items() if count]
    besides = f"; stored besides the params: {', '.join(told)}" if told else ""
    yield f"weights {size(stored.total_bytes)}{besides}"
    yield _peak(analysis)
    if analysis.costs.at_load.macs:
        yield f"{number(analysis.costs.at_load.macs)} macs work on constants, once at load: not in the totals"
    hidden = len(rows) - shown
    if hidden:
        yield f"{hidden} more layer{'s' * (hidden != 1)} not shown (no arithmetic per run, or cut by --top): --all"
    long = [count for count in _counts(analysis, rows) if count is not None and _long(count)]
    if long:
        fixed = " ".join(f"--dim {name}=..." for name in sorted({n for c in long for n in _symbols(c)}))
        yield printable(
            f"f(...) stands for a formula too long to show: {fixed} for numbers, --format json for it"
        )
    for name, shape in _open_inputs(analysis):
        yield printable(f"input '{name}' {shape} leaves sizes without a name: --shape {name}=... fixes them")
    for u in analysis.costs.uncounted:
        yield printable(f"not counted: {u.count} x {u.op}: {u.reason}")
    yield CONVENTION
