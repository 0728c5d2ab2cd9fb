"""Contradictions that a fixed symbol causes: they are told of the symbol, not of the node they surface at.

A model that takes any ``N`` but has one batch baked in is healthy as it stands; with ``N`` fixed to
another size some operator fails. What is wrong is the baked size, and it is said as such.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.errors import ShapeError
from archlint.symbolic import Expr, free_symbols, substitute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from archlint.analyses.scopes import Defect, Shapes
    from archlint.model import Graph, Node
    from archlint.symbolic import Dim

Dims: TypeAlias = "Mapping[str, Dim | tuple[int, int | None]]"

TRIES = 8
"""Walks over the model that may be spent on finding the size that a symbol must have."""


def blamed(shapes: Shapes, graph: Graph, dims: Dims, walk: Callable[[Dims], Shapes]) -> None:
    """Say of the symbols in ``dims`` what is not so without them; ``walk`` propagates with others."""
    fixed = {name: size for name, size in dims.items() if isinstance(size, int)}
    if not fixed or not shapes.defects:
        return
    search = _Search(dims, walk)
    own = {(id(d.step.node), d.error.kind) for d in search.free.defects}
    for number, defect in enumerate(shapes.defects):
        error = defect.error
        if error.severity is not None or (id(defect.step.node), error.kind) in own:
            continue
        found = search.cause(defect, fixed)
        if found is not None:
            shapes.defects[number] = replace(defect, error=_error(defect, graph, *found))


def _error(defect: Defect, graph: Graph, name: str, inside: int, given: int) -> ShapeError:
    node, cause = defect.step.node, defect.error
    batch = any(str(f.shape[0]) == name for f in graph.inputs.values() if f.shape)
    message = (
        f"symbol '{name}' is {inside} at {_label(node)} but {given} by --dim {name}={given}; "
        f"the graph has a fixed {'batch' if batch else 'size'} inside"
    )
    return ShapeError(
        "symbol-conflict",
        message,
        subject=cause.subject,
        severity="error",
        symbol=name,
        inside=inside,
        given=given,
        cause=cause.message,
    )


def _label(node: Node) -> str:
    return f"node '{node.name}'" if node.name else f"node #{node.index} ({node.op_type})"


class _Search:
    def __init__(self, dims: Dims, walk: Callable[[Dims], Shapes]) -> None:
        self.dims = dims
        self.walk = walk
        self.free = walk({name: d for name, d in dims.items() if not isinstance(d, int)})
        self.known: dict[tuple[str, int], set[int]] = {}

    def cause(self, defect: Defect, fixed: Mapping[str, int]) -> tuple[str, int, int] | None:
        """The symbol, the only size the node takes, and the size given; None when it cannot be told."""
        node = defect.step.node
        for name, given in fixed.items():
            if not any(name in _symbols(f.shape) for f in self.free.inputs(node) if f is not None):
                continue
            fits = [k for k in self._candidates(defect, name) if k != given and self._works(node, name, k)]
            if len(fits) == 1 and not self._works(node, name, given + 1, unknown=True):
                return name, fits[0], given
        return None

    def _candidates(self, defect: Defect, name: str) -> list[int]:
        """Sizes at the node that the symbol may have been taken for."""
        ins = self.free.inputs(defect.step.node)
        target = ins[1].ints() if len(ins) > 1 and ins[1] is not None else None
        count = ins[0].numel if ins and ins[0] is not None else None
        if defect.error.kind == "reshape-element-count" and target and isinstance(count, Expr):
            wanted = 1
            for size in target:
                wanted *= size if isinstance(size, int) and size > 0 else 0
            each = substitute(count, {name: 1})
            exact = isinstance(each, int) and each > 0 and wanted % each == 0
            return [wanted // each] if exact and isinstance(each, int) and wanted else []
        numbers = {d for f in ins if f is not None for d in f.shape or () if isinstance(d, int)}
        return sorted({1} | {d for d in numbers if d > 0})[:TRIES]

    def _works(self, node: Node, name: str, size: int, *, unknown: bool = False) -> bool:
        """Whether nothing is wrong at ``node`` when the symbol is ``size``."""
        key = (name, size)
        if key not in self.known:
            if len(self.known) >= TRIES:
                return unknown
            shapes = self.walk({**self.dims, name: size})
            self.known[key] = {id(d.step.node) for d in shapes.defects}
        return id(node) not in self.known[key]


def _symbols(shape: Any) -> Iterator[str]:
    for size in shape or ():
        if isinstance(size, Expr):
            yield from (s.name for s in free_symbols(size))
