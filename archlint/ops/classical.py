"""Classical machine learning (ai.onnx.ml): linear models, trees, support vectors, encoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import Undetermined
from archlint.model import Fact, unknown_dims
from archlint.ops import attribute
from archlint.ops.cost import FREE, Cost
from archlint.ops.interval import Interval
from archlint.ops.operator import Operator, operator
from archlint.symbolic import Dim, fresh, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archlint.model import Shape

ML = "ai.onnx.ml"


def rows_of(x: Fact) -> Dim:
    """Number of samples: the first axis of a matrix, one for a vector."""
    return fresh() if x.shape is None else x.shape[0] if len(x.shape) > 1 else 1


def features_of(x: Fact) -> Dim:
    """Number of features of a sample."""
    return fresh() if not x.shape else product(x.shape[1:]) if len(x.shape) > 1 else x.shape[0]


class Elementwise(Operator):
    """An output of the shape of the input."""

    def outputs(self, x: Fact) -> list[Fact]:
        return [x.of(x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One operation of its own kind for each element."""
        n = outs[0].numel
        return None if n is None else Cost(other=n)


@operator("Binarizer", domain=ML)
class Binarizer(Elementwise):
    """1 where x > threshold, else 0.

    https://onnx.ai/onnx/operators/onnx_aionnxml_Binarizer.html
    """

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0, 1.0)]


@operator("Imputer", domain=ML)
class Imputer(Elementwise):
    """x with a given value in place of the missing ones.

    https://onnx.ai/onnx/operators/onnx_aionnxml_Imputer.html
    """


@operator("Scaler", domain=ML)
class Scaler(Operator):
    """(x - offset) * scale, in float32.

    https://onnx.ai/onnx/operators/onnx_aionnxml_Scaler.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        return [Fact("float32", x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """One subtraction and one product for each element."""
        n = outs[0].numel
        return None if n is None else Cost(mults=n, adds=n)


@operator("Normalizer", domain=ML)
class Normalizer(Operator):
    """Each sample divided by its largest element, its L1 or its L2 norm.

    https://onnx.ai/onnx/operators/onnx_aionnxml_Normalizer.html
    """

    norm = attribute.text("MAX")

    def outputs(self, x: Fact) -> list[Fact]:
        return [Fact("float32", x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """N divisions and the norm: n comparisons, or sums of absolute values or squares and a root."""
        x = ins[0]
        if x is None or x.numel is None:
            return None
        n, rows = x.numel, rows_of(x)
        if self.norm == "L2":
            return Cost(mults=n, adds=n - rows, other=n + rows)
        return Cost(adds=n - rows, other=2 * n) if self.norm == "L1" else Cost(other=2 * n)


@operator("LabelEncoder", domain=ML)
class LabelEncoder(Operator):
    """Each key replaced by its value.

    https://onnx.ai/onnx/operators/onnx_aionnxml_LabelEncoder.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        return [Fact(self._dtype(x), x.shape)]

    def _dtype(self, x: Fact) -> str | None:
        if self.opset < 2:
            return {"string": "int64", "int64": "string"}.get(x.dtype or "")
        stored = self.attrs.get("values_tensor")
        if stored is not None:
            found: str | None = getattr(stored, "dtype", None)
            return found
        kinds = {"values_strings": "string", "values_int64s": "int64", "values_floats": "float32"}
        return next((dtype for name, dtype in kinds.items() if self.attrs.get(name)), None)

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Looks up: no arithmetic."""
        return FREE


@operator("CategoryMapper", domain=ML)
class CategoryMapper(Operator):
    """Strings to integers or integers to strings, by a table.

    https://onnx.ai/onnx/operators/onnx_aionnxml_CategoryMapper.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        return [Fact({"string": "int64", "int64": "string"}.get(x.dtype or ""), x.shape)]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Looks up: no arithmetic."""
        return FREE


@operator("OneHotEncoder", domain=ML)
class OneHotEncoder(Operator):
    """A new last axis that is 1 at the element's category.

    https://onnx.ai/onnx/operators/onnx_aionnxml_OneHotEncoder.html
    """

    cats_int64s = attribute.integers()
    cats_strings = attribute.texts()

    def outputs(self, x: Fact) -> list[Fact]:
        count = len(self.cats_int64s or self.cats_strings or ())
        return [Fact("float32", None if x.shape is None else (*x.shape, count or fresh()))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Looks up: no arithmetic."""
        return FREE

    def bounds(
        self, ranges: Sequence[Interval], ins: Sequence[Fact | None], outs: Sequence[Fact]
    ) -> list[Interval]:
        return [Interval(0.0, 1.0)]


@operator("ArrayFeatureExtractor", domain=ML)
class ArrayFeatureExtractor(Operator):
    """The elements of the last axis that an index vector selects.

    https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html
    """

    def outputs(self, x: Fact, y: Fact) -> list[Fact]:
        if x.shape is None:
            return [x.of(None)]
        count: Dim = fresh() if y.numel is None else y.numel
        return [x.of((1, count) if len(x.shape) == 1 else (*x.shape[:-1], count))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Moves data: no arithmetic."""
        return FREE


@operator("FeatureVectorizer", domain=ML)
class FeatureVectorizer(Operator):
    """Inputs joined along the features, in float32.

    https://onnx.ai/onnx/operators/onnx_aionnxml_FeatureVectorizer.html
    """

    inputdimensions = attribute.integers()

    def outputs(self, *xs: Fact) -> list[Fact]:
        widths = self.inputdimensions
        total: Dim = sum(widths) if widths is not None and len(widths) == len(xs) else fresh()
        rows = next((f.shape[0] for f in xs if f is not None and f.shape and len(f.shape) == 2), None)
        return [Fact("float32", (fresh() if rows is None else rows, total))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Moves data: no arithmetic."""
        return FREE


@operator("DictVectorizer", domain=ML)
class DictVectorizer(Operator):
    """The values of a map in the order of a vocabulary.

    https://onnx.ai/onnx/operators/onnx_aionnxml_DictVectorizer.html
    """

    int64_vocabulary = attribute.integers()
    string_vocabulary = attribute.texts()

    def outputs(self, x: Fact) -> list[Fact]:
        count = len(self.int64_vocabulary or self.string_vocabulary or ())
        return [Fact(None, (1, count) if count else unknown_dims(2))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Looks up: no arithmetic."""
        return FREE


@operator("CastMap", domain=ML)
class CastMap(Operator):
    """A map as a dense or sparse row.

    https://onnx.ai/onnx/operators/onnx_aionnxml_CastMap.html
    """

    cast_to = attribute.text("TO_FLOAT")
    map_form = attribute.text("DENSE")
    max_map = attribute.integer(1)

    def outputs(self, x: Fact) -> list[Fact]:
        dtype = {"TO_FLOAT": "float32", "TO_STRING": "string", "TO_INT64": "int64"}.get(self.cast_to)
        return [Fact(dtype, (1, self.max_map) if self.map_form == "SPARSE" else (1, fresh()))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Moves data: no arithmetic."""
        return FREE


@operator("ZipMap", domain=ML)
class ZipMap(Operator):
    """Scores as a sequence of maps from label to score.

    https://onnx.ai/onnx/operators/onnx_aionnxml_ZipMap.html
    """

    def outputs(self, x: Fact) -> list[Fact]:
        return [Fact(kind="sequence", element=Fact(kind="map"))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Moves data: no arithmetic."""
        return FREE


@operator("LinearRegressor", domain=ML)
class LinearRegressor(Operator):
    """x @ coefficients^T + intercepts: ``[samples, targets]``.

    https://onnx.ai/onnx/operators/onnx_aionnxml_LinearRegressor.html
    """

    intercepts = attribute.numbers()
    targets = attribute.integer(1)

    def outputs(self, x: Fact) -> list[Fact]:
        return [Fact("float32", (rows_of(x), self.targets))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Features macs for each target of each sample; an intercept adds one."""
        x, y = ins[0], outs[0].numel
        if x is None or y is None:
            return None
        return Cost.linear(y, features_of(x), bias=bool(self.intercepts))


def labelled(strings: Sequence[str] | None, ints: Sequence[int] | None, x: Fact, scores: Shape) -> list[Fact]:
    """A label for each sample, and the scores of all classes."""
    dtype = "string" if strings else "int64" if ints else None
    return [Fact(dtype, (rows_of(x),)), Fact("float32", scores)]


@operator("LinearClassifier", domain=ML)
class LinearClassifier(Operator):
    """The class with the highest linear score, and all scores.

    https://onnx.ai/onnx/operators/onnx_aionnxml_LinearClassifier.html
    """

    classlabels_ints = attribute.integers()
    classlabels_strings = attribute.texts()
    coefficients = attribute.numbers()
    intercepts = attribute.numbers()

    def outputs(self, x: Fact) -> list[Fact]:
        classes = len(self.classlabels_strings or self.classlabels_ints or ())
        scores = (rows_of(x), classes or fresh())
        return labelled(self.classlabels_strings, self.classlabels_ints, x, scores)

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """Features macs for each linear score; an intercept adds one; a comparison for each class."""
        x, classes = ins[0], outs[1].numel if len(outs) > 1 else None
        if x is None or x.shape is None or not self.coefficients or classes is None:
            return None
        features = features_of(x)
        rows = rows_of(x)
        if not isinstance(features, int) or features < 1:
            return None
        scores = rows * (len(self.coefficients) // features)
        return Cost.linear(scores, features, bias=bool(self.intercepts)) + Cost(other=classes)


@operator("SVMRegressor", domain=ML)
@operator("TreeEnsembleRegressor", domain=ML)
class Regressor(Operator):
    """A number, or ``n_targets``, for each sample from a fitted ensemble.

    https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html
    """

    n_targets = attribute.integer(1)

    def outputs(self, x: Fact) -> list[Fact]:
        return [Fact("float32", (rows_of(x), self.n_targets))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """None: the path through a tree depends on the data; kernels are not counted yet."""
        return None


@operator("TreeEnsemble", domain=ML, since=5)
class TreeEnsemble(Operator):
    """The sums of the leaves that each sample reaches.

    https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html
    """

    n_targets = attribute.integer(1)

    def outputs(self, x: Fact) -> list[Fact]:
        return [x.of((rows_of(x), self.n_targets))]

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """None: the path through a tree depends on the data."""
        return None


@operator("SVMClassifier", domain=ML)
@operator("TreeEnsembleClassifier", domain=ML)
class Classifier(Operator):
    """The class of each sample and the scores of all classes, from a fitted ensemble.

    https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html
    """

    classlabels_int64s = attribute.integers()
    classlabels_ints = attribute.integers()
    classlabels_strings = attribute.texts()

    def outputs(self, x: Fact) -> list[Fact]:
        ints = self.classlabels_int64s or self.classlabels_ints
        classes = len(self.classlabels_strings or ints or ())
        trees = self.node.op_type == "TreeEnsembleClassifier" and classes > 1
        if not classes:
            raise Undetermined("the class labels are missing")
        return labelled(self.classlabels_strings, ints, x, (rows_of(x), classes if trees else fresh()))

    def cost(self, ins: Sequence[Fact | None], outs: Sequence[Fact]) -> Cost | None:
        """None: the path through a tree depends on the data; kernels are not counted yet."""
        return None
