"""Text: operators on tensors of strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.model import Fact
from archlint.ops import attribute
from archlint.ops.broadcasting import broadcast_shapes
from archlint.ops.cost import Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import Operator, operator
from archlint.symbolic import Dim, fresh

if TYPE_CHECKING:
    from collections.abc import Sequence


class Text(Operator):
    """Common ground: one operation on text for each element."""

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One operation for each element of the first output."""
        n = outs[0].numel
        return None if n is None else Cost(other=n)


@operator("StringConcat", since=20)
class StringConcat(Text):
    """The texts of a and b, one behind the other; the inputs broadcast.

    https://onnx.ai/onnx/operators/onnx__StringConcat.html
    """

    def outputs(self, a: Fact, b: Fact) -> list[Fact]:
        return [Fact("string", broadcast_shapes(self.node, (a, b)))]


@operator("StringNormalizer", since=10)
class StringNormalizer(Text):
    """Texts without stop words, in one case; rows of nothing but stop words leave one empty text.

    https://onnx.ai/onnx/operators/onnx__StringNormalizer.html
    """

    stopwords = attribute.texts()

    def outputs(self, x: Fact) -> list[Fact]:
        if x.shape is None or not self.stopwords:
            return [Fact("string", x.shape)]
        return [Fact("string", (*x.shape[:-1], fresh()))]


@operator("StringSplit", since=20)
class StringSplit(Text):
    """Texts cut at a delimiter, along a new last axis, and how many pieces each has.

    https://onnx.ai/onnx/operators/onnx__StringSplit.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        pieces: Dim = fresh()
        return [
            Fact("string", None if x.shape is None else (*x.shape, pieces)),
            Fact("int64", x.shape),
        ]


@operator("RegexFullMatch", since=20)
class RegexFullMatch(Text):
    """True where a text matches a pattern from end to end.

    https://onnx.ai/onnx/operators/onnx__RegexFullMatch.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        return [Fact("bool", x.shape)]

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0, 1.0)]


@operator("TfIdfVectorizer", since=9)
class TfIdfVectorizer(Operator):
    """Counts or weights of n-grams: [C] or [N, C] to one row of ``max(ngram_indexes) + 1``.

    https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html
    """

    ngram_indexes = attribute.integers()
    mode = attribute.text("TF")

    def outputs(self, x: Fact) -> list[Fact]:
        width = max(self.ngram_indexes or (-1,)) + 1
        if x.shape is None:
            return [Fact("float32")]
        return [Fact("float32", (*x.shape[:-1], width))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One operation for each input element: the search for n-grams is not specified."""
        x = ins[0]
        n = None if x is None else x.numel
        return None if n is None else Cost(other=n)

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0) if self.mode == "TF" else ANY]
