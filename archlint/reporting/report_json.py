"""The machine-readable report, version 1: one object a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.model.dtypes import ONNX_CODES
from archlint.reporting.recurrent import recurrent_json
from archlint.symbolic import Expr, free_symbols, is_known

if TYPE_CHECKING:
    from archlint.analyses import Analysis, Scope, Step
    from archlint.errors import LoadError
    from archlint.model import Fact
    from archlint.ops import Cost
    from archlint.symbolic import Dim

SCHEMA = "archlint-report/1"
_DTYPES = frozenset(ONNX_CODES.values())


def unreadable(path: str, error: LoadError) -> dict[str, Any]:
    """The report of a file that cannot be analysed."""
    kind = "yaml" if path.endswith((".yaml", ".yml")) else "onnx"
    told = {"code": error.code, "message": error.message, "help": error.help, "line": error.line}
    return {"schema": SCHEMA, "path": path, "format": kind, "error": told}


def report(analysis: Analysis) -> dict[str, Any]:
    """Everything the contract asks for, as plain dicts, lists, numbers and strings."""
    model, shapes, costs = analysis.model, analysis.shapes, analysis.costs
    main = shapes.main
    return {
        "schema": SCHEMA,
        "path": model.path,
        "format": model.format,
        "error": None,
        "opsets": model.opsets,
        "inputs": [_port(main, n) for n in main.graph.inputs if n not in main.graph.weights],
        "outputs": [_port(main, n) for n in main.graph.outputs],
        "totals": _totals(analysis),
        "symbols": _symbols(costs.total),
        "not_counted": [{"op": u.op, "count": u.count, "reason": u.reason} for u in costs.uncounted],
        "layers": [_layer(analysis, scope, step) for scope in shapes.scopes for step in scope.steps],
        "tensors": {name: text for scope in shapes.scopes for name, text in _tensors(scope)},
        "recurrent": recurrent_json(analysis),
    }


def dim(value: Dim | None) -> int | str | None:
    """A number, the text of an expression, or None where unknown."""
    if isinstance(value, Expr):
        return str(value) if is_known(value) else None
    return value


def _shape(fact: Fact) -> list[int | str | None] | None:
    return None if fact.shape is None else [dim(d) for d in fact.shape]


def _port(scope: Scope, name: str) -> dict[str, Any]:
    fact = scope.fact(name)
    return {"name": name, "dtype": fact.dtype, "shape": _shape(fact)}


def _totals(analysis: Analysis) -> dict[str, Any]:
    total, stored, memory = analysis.costs.total, analysis.costs.parameters, analysis.memory
    return {
        "macs": _counted(analysis, total.macs),
        "mults": _counted(analysis, total.mults),
        "adds": _counted(analysis, total.adds),
        "other": _counted(analysis, total.other),
        "macs_at_load": dim(analysis.costs.at_load.macs),
        "params": stored.learned,
        "stored_apart": {
            "statistics": stored.statistics,
            "quantization": stored.quantization,
            "indices": stored.indices,
            "scalars": stored.scalars,
        },
        "weight_bytes": stored.total_bytes,
        "weight_bytes_by_dtype": stored.bytes,
        "peak_activation_bytes": dim(memory.peak),
        "peak_activation_step": None if memory.step is None else memory.step.node.label,
    }


def _counted(analysis: Analysis, count: Dim) -> int | str | None:
    """A total; None, not zero, where all that could add to it was not counted."""
    return None if count == 0 and analysis.costs.uncounted else dim(count)


def _symbols(total: Cost) -> dict[str, dict[str, int]]:
    found = {s for d in (total.macs, total.mults, total.adds) for s in free_symbols(d)}
    return {s.name: {"min": s.minimum or 0} for s in sorted(found) if s.known}


def _layer(analysis: Analysis, scope: Scope, step: Step) -> dict[str, Any]:
    node, cost = step.node, analysis.costs.of(step)
    return {
        "name": node.label,
        "op": node.op_type,
        "domain": node.domain,
        "scope": list(scope.path),
        "inputs": list(node.inputs),
        "outputs": list(node.outputs),
        "output_shapes": [_shape(f) for f in step.outs],
        "macs": None if cost is None else dim(cost.macs),
        "mults": None if cost is None else dim(cost.mults),
        "adds": None if cost is None else dim(cost.adds),
        "params": analysis.costs.parameters.of(node),
        "line": node.line,
    }


def _tensors(scope: Scope) -> list[tuple[str, dict[str, Any]]]:
    prefix = "".join(f"{part}/" for part in scope.path)
    for name in scope.graph.weights:
        scope.fact(name)
    return [
        (prefix + name, {"dtype": f.dtype if f.dtype in _DTYPES else None, "shape": _shape(f)})
        for name, f in scope.facts.items()
    ]
