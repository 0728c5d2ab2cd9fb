"""Symbolic dimensions: exact integer algebra over the sizes a model leaves open."""

from archlint.symbolic.dim import Dim, Expr, Symbol, fresh, is_known, named, product, symbol
from archlint.symbolic.division import ceildiv, divide_exact, floordiv, mod, truncdiv
from archlint.symbolic.evaluate import evaluate, free_symbols, rename, substitute
from archlint.symbolic.extremum import broadcast, maximum, minimum
from archlint.symbolic.interval import at_least, bounds, compare

__all__ = [
    "Dim",
    "Expr",
    "Symbol",
    "at_least",
    "bounds",
    "broadcast",
    "ceildiv",
    "compare",
    "divide_exact",
    "evaluate",
    "floordiv",
    "free_symbols",
    "fresh",
    "is_known",
    "maximum",
    "minimum",
    "mod",
    "named",
    "product",
    "rename",
    "substitute",
    "symbol",
    "truncdiv",
]
