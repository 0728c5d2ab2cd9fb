"""Einsum: sums of products written as a formula of axis labels."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from archlint.errors import ShapeError, Undetermined
from archlint.ops import attribute
from archlint.ops.cost import Cost
from archlint.ops.operator import Operator, operator
from archlint.symbolic import Dim, broadcast, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Fact

Terms = tuple[list[list[str]], list[str], dict[str, "Dim"]]


@operator("Einsum", since=12)
class Einsum(Operator):
    """The sum over every label that the output lacks of the product of the operands.

    Axes under an ellipsis broadcast; without ``->`` the output has the labels that occur once, in
    alphabetical order, behind the ellipsis.

    https://onnx.ai/onnx/operators/onnx__Einsum.html
    """

    equation = attribute.text("")

    def outputs(self, *operands: Fact) -> list[Fact]:
        dtype = next((f.dtype for f in operands if f is not None and f.dtype), None)
        terms = self._terms(operands)
        if terms is None:
            rank = self._rank()
            if rank is None:
                raise Undetermined("the rank of an operand is unknown")
            from archlint.model import Fact, unknown_dims

            return [Fact(dtype, unknown_dims(rank))]
        _, output, sizes = terms
        return [operands[0].of(tuple(sizes[label] for label in output), dtype)]

    def _rank(self) -> int | None:
        """Rank of an explicit output without an ellipsis."""
        _, arrow, right = self.equation.replace(" ", "").partition("->")
        return len(right) if arrow and "." not in right else None

    def _terms(self, operands: Sequence[Fact | None]) -> Terms | None:
        """Labels of each operand and of the output, and the size of each label."""
        left, arrow, right = self.equation.replace(" ", "").partition("->")
        written = left.split(",")
        if not re.fullmatch(r"[A-Za-z.,]*(->[A-Za-z.]*)?", self.equation.replace(" ", "")):
            self._invalid("it has characters other than letters, '...', ',' and '->'")
        if len(written) != len(operands):
            self._invalid(f"it names {len(written)} operands, there are {len(operands)}")
        if any(f is None or f.shape is None for f in operands):
            return None
        labels: list[list[str]] = []
        sizes: dict[str, Dim] = {}
        for text, fact in zip(written, operands, strict=True):
            assert fact is not None
            assert fact.shape is not None
            row = self._labels(text, len(fact.shape))
            labels.append(row)
            for label, size in zip(row, fact.shape, strict=True):
                self._size(sizes, label, size)
        covered = sorted({x for row in labels for x in row if x.startswith("~")}, key=lambda x: -int(x[1:]))
        if arrow:
            output: list[str] = []
            for part in re.findall(r"\.\.\.|[A-Za-z]", right):
                output += covered if part == "..." else [part]
        else:
            seen = Counter(c for c in left if c.isalpha())
            output = covered + sorted(c for c, n in seen.items() if n == 1)
        for label in output:
            if label not in sizes:
                self._invalid(f"the output label '{label}' is in no operand")
        return labels, output, sizes

    def _labels(self, text: str, rank: int) -> list[str]:
        """One label for each axis; axes under the ellipsis are ``~1``, ``~2``... from the right."""
        before, dots, after = text.partition("...")
        named = len(before) + len(after)
        if "." in before + after or (rank != named and not dots) or rank < named:
            self._invalid(f"operand '{text}' does not fit a tensor of {rank} axes")
        return [*before, *(f"~{i}" for i in range(rank - named, 0, -1)), *after]

    def _size(self, sizes: dict[str, Dim], label: str, size: Dim) -> None:
        known = sizes.get(label)
        if known is None:
            sizes[label] = size
            return
        try:
            sizes[label] = broadcast(known, size)
        except ValueError:
            message = f"Einsum's label '{label}' is both {known} and {size}"
            raise ShapeError("shape-mismatch", message, subject="attribute equation") from None

    def _invalid(self, why: str) -> None:
        message = f"equation '{self.equation}' is not valid: {why}"
        raise ShapeError("attribute-invalid", message, subject="attribute equation")

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Operands are contracted from left to right, each label summed as soon as nothing needs it.

        A contraction over K of two operands into n elements is n*K macs and n*(K - 1) additions; a
        product that sums nothing is multiplications only; a label of one operand alone is summed
        first.
        """
        given = list(ins)
        while given and given[-1] is None:
            given.pop()
        terms = self._terms(given)
        if terms is None:
            return None
        operands, output, sizes = terms
        total = Cost()
        needed = [set(output).union(*operands[i + 1 :]) for i in range(len(operands))]

        def numel(labels: set[str]) -> Dim:
            return product(sizes[x] for x in sorted(labels))

        def summed(labels: set[str], keep: set[str]) -> set[str]:
            nonlocal total
            left = labels & keep
            if left != labels:
                total = total + Cost(adds=numel(labels) - numel(left))
            return left

        result = summed(set(operands[0]), needed[0])
        for i, row in enumerate(operands[1:], 1):
            other = summed(set(row), needed[i] | result)
            union, keep = result | other, (result | other) & needed[i]
            if keep == union:
                total = total + Cost(mults=numel(union))
            else:
                total = total + Cost.linear(numel(keep), numel(union - keep))
            result = keep
        return total
