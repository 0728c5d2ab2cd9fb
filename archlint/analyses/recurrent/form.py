"""`Form`: a tensor written as stored matrices times other tensors, plus a bias."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.errors import Undetermined

if TYPE_CHECKING:
    import numpy as np

    from archlint.analyses.dataflow import Origin

    Array: TypeAlias = np.ndarray[Any, Any]


CONTRADICTIONS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What Python and NumPy raise where the numbers of a model do not fit together."""


def contradiction(error: Exception) -> str:
    """The reason why a cell is not analysed whose numbers do not fit together."""
    lines = str(error).splitlines() or [type(error).__name__]
    return f"its numbers do not fit together: {lines[0][:120]}"


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One summand ``source @ matrix``; ``matrix`` [features, width].

    A vector, or an array of no axes, holds element-wise weights; None stands for the source itself.
    """

    source: Origin
    matrix: Array | None = None

    def columns(self, start: int, stop: int) -> Term | None:
        """The summand of some columns of the sum; None when the source would have to be cut."""
        if self.matrix is None or not self.matrix.ndim:
            return None
        return Term(self.source, self.matrix[..., start:stop])

    @property
    def dense(self) -> bool:
        """True when every feature of the source can reach every column."""
        return self.matrix is not None and self.matrix.ndim == 2

    def before(self, matrix: Array) -> Term:
        """The summand of ``form @ matrix`` that this one becomes."""
        if self.matrix is None:
            return Term(self.source, matrix)
        own = self.matrix
        return Term(self.source, own @ matrix if own.ndim == 2 else own.reshape(-1, 1) * matrix)


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A sum of terms and a bias over the last axis; ``used`` are the ids of the weights in it."""

    terms: tuple[Term, ...] = ()
    bias: Array | None = None
    used: frozenset[int] = field(default_factory=frozenset)

    @property
    def width(self) -> int | None:
        """Size of the last axis where a weight tells it."""
        for term in self.terms:
            if term.matrix is not None and term.matrix.ndim:
                return int(term.matrix.shape[-1])
        return None if self.bias is None or self.bias.size == 1 else int(self.bias.shape[-1])

    @property
    def leaf(self) -> Origin | None:
        """The tensor, when the form is nothing but a tensor."""
        only = len(self.terms) == 1 and self.terms[0].matrix is None and self.bias is None
        return self.terms[0].source if only else None

    def plus(self, other: Form, sign: float = 1.0) -> Form:
        """The sum, or the difference with ``sign`` -1."""
        terms = {t.source.key: t for t in self.terms}
        for term in other.terms if sign > 0 else other.times_scalar(-1.0).terms:
            mine = terms.get(term.source.key)
            if mine is None:
                terms[term.source.key] = term
            elif mine.matrix is not None and term.matrix is not None and mine.matrix.ndim == term.matrix.ndim:
                terms[term.source.key] = Term(term.source, mine.matrix + term.matrix)
            else:
                raise Undetermined("a tensor takes part in a sum twice, in different ways")
        bias = other.bias if other.bias is None or sign > 0 else -other.bias
        if self.bias is not None:
            bias = self.bias if bias is None else self.bias + bias
        return Form(tuple(terms.values()), bias, self.used | other.used)

    def times_scalar(self, factor: Any) -> Form:
        """Every element, or every column, times a number."""
        import numpy as np

        terms = tuple(
            Term(t.source, np.asarray(factor * (1.0 if t.matrix is None else t.matrix))) for t in self.terms
        )
        return Form(terms, None if self.bias is None else self.bias * factor, self.used)

    def columns(self, start: int, stop: int) -> Form:
        """Columns ``start`` to ``stop``; raises `Undetermined` when a bare tensor would be cut."""
        terms = []
        for term in self.terms:
            cut = term.columns(start, stop)
            if cut is None:
                raise Undetermined("a split of a tensor that no stored matrix made")
            terms.append(cut)
        bias = self.bias if self.bias is None or self.bias.size == 1 else self.bias[start:stop]
        return Form(tuple(terms), bias, self.used)
