"""What a file declares about its tensors, held against what its operators compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.errors import ShapeError
from archlint.symbolic import Expr, compare, free_symbols, substitute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archlint.model import Fact, Graph
    from archlint.symbolic import Dim


def contradictions(
    graph: Graph, name: str, fact: Fact, declared: Fact, dims: Mapping[str, Dim]
) -> Iterator[ShapeError]:
    """What cannot be true of tensor ``name``, whatever the sizes are; ``dims`` are the fixed ones.

    Sizes contradict when they differ for every value of the symbols that both share: ``N`` and
    ``2*N``, not ``N`` and ``M``.
    """
    if declared.kind != "tensor" or fact.kind != "tensor":
        return
    what = "output" if name in graph.outputs else "tensor"
    subject = f"output {name}"
    if declared.dtype is not None and fact.dtype is not None and declared.dtype != fact.dtype:
        maker = graph.producers[name].op_type if name in graph.producers else "the graph"
        yield ShapeError(
            "declared-type-contradiction",
            f"{what} '{name}' is declared {declared.dtype} but {maker} gives {fact.dtype}",
            subject=subject,
            help=f"declare {fact.dtype}, or put a Cast before it",
            declared=declared.dtype,
            computed=fact.dtype,
        )
    if declared.shape is None or fact.shape is None or declared.shape == fact.shape:
        return
    data: dict[str, Any] = {}
    if len(declared.shape) != len(fact.shape):
        where = f"rank {len(declared.shape)} vs {len(fact.shape)}"
        promised = all(isinstance(d, int) for d in declared.shape)
    else:
        pairs = enumerate(zip(declared.shape, fact.shape, strict=True))
        clash = next(((i, a, b) for i, (a, b) in pairs if _differ(a, b, dims)), None)
        if clash is None:
            return
        where = "dim {}: {} vs {}".format(*clash)
        data = dict(zip(("axis", "declared", "computed"), clash, strict=True))
        promised = isinstance(clash[1], int)
    message = f"{what} '{name}' is declared {declared} but computes to {fact} ({where})"
    yield ShapeError(
        "declared-shape-contradiction",
        message,
        subject=subject,
        severity=None if promised else "warning",
        **data,
    )


def _differ(declared: Dim, computed: Dim, dims: Mapping[str, Dim]) -> bool:
    if declared == computed:
        return False
    if isinstance(declared, int) and isinstance(computed, int):
        return True
    if isinstance(declared, int):
        # a size is at least 0, a formula that is certainly above the number is not it
        return bool(declared) and compare(computed, declared) in (-1, 1)
    if not declared.known or not isinstance(computed, Expr):
        return False
    try:
        promised = substitute(declared, dims) if dims else declared
    except (ValueError, ZeroDivisionError):
        return False
    if isinstance(promised, int):
        return False
    shared = free_symbols(promised) & free_symbols(computed)
    return bool(shared) and compare(promised, computed) in (-1, 1)
