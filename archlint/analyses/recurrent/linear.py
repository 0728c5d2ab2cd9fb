"""Affine forms of tensors, found by walking upstream through what is linear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from archlint.analyses.dataflow import attributes
from archlint.analyses.recurrent import columns
from archlint.analyses.recurrent.form import CONTRADICTIONS, Form, Term
from archlint.errors import Undetermined

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from archlint.analyses.analysis import Analysis
    from archlint.analyses.dataflow import Origin

    Array: TypeAlias = np.ndarray[Any, Any]
    Key: TypeAlias = tuple[int, str]

PASSING = frozenset({"Identity", "Dropout", "Cast", "Squeeze", "Unsqueeze"})
"""Operators that hand every row on as it is (a squeezed axis is a leading one of size 1)."""
_ROWS = frozenset({"Reshape", "Flatten", "Expand"})
_WEIGHTS_SCALED = {
    "com.microsoft::DynamicQuantizeMatMul": (2, 3, 4),
    "com.microsoft::MatMulIntegerToFloat": (3, 5, 6),
}
"""Products with integer weights: which inputs are the weights' scale, their zero point and the bias."""
DEEPEST = 60
WIDEST = 1 << 26


class Linear:
    """Affine forms of tensors, remembered by tensor."""

    def __init__(self, analysis: Analysis) -> None:
        self.flow = analysis.dataflow
        self.constants = analysis.constants
        self.ranges = analysis.ranges
        self.rounds = False
        self._known: dict[Key, Form] = {}
        self._weights: dict[Key, frozenset[int]] = {}

    def through(self, origin: Origin) -> Origin:
        """The tensor behind operators that hand its rows on, and behind a scanned or gathered time axis."""
        for _ in range(DEEPEST):
            before = self._same_rows(origin)
            if before is None:
                return origin
            origin = before
        return origin

    def _same_rows(self, origin: Origin) -> Origin | None:
        step = origin.step
        if step is None:
            return None
        node = step.node
        if node.domain or not node.inputs:
            return None
        kind = node.op_type
        if kind in {"Add", "Sub"}:
            return self._unmoved(origin)
        if kind == "DequantizeLinear":
            # a pair of QDQ rounds what runs through it; the cell's notes say that it is taken as exact
            before = self.flow.input(origin, 0)
            paired = before is not None and before.op == "QuantizeLinear"
            self.rounds = self.rounds or paired
            return self.flow.input(before, 0) if paired and before is not None else None
        keeps = kind in PASSING
        if kind in _ROWS or kind in {"Slice", "Split", "Gather", "Transpose"}:
            keeps = self._keeps_last(origin)
        return self.flow.input(origin, 0) if keeps else None

    def _unmoved(self, origin: Origin) -> Origin | None:
        """The other operand where one is a stored zero: exporters copy loop states by adding 0."""
        pair = [self.flow.input(origin, k) for k in (0, 1)]
        for zero, other in ((pair[1], pair[0]), (pair[0], pair[1]) if origin.op == "Add" else (None, None)):
            if zero is None or other is None or (zero.weight is None and zero.op != "Constant"):
                continue
            number = self.numbers(zero)
            if number is not None and number.size == 1 and not number.any():
                return other
        return None

    def _keeps_last(self, origin: Origin) -> bool:
        """True when the operator moves or picks whole rows and leaves the last axis alone."""
        step = origin.step
        assert step is not None
        node, attrs = step.node, attributes(origin.scope, step.node)
        fact = step.ins[0] if step.ins else None
        rank = fact.rank if fact is not None else None
        kind = node.op_type
        if kind == "Transpose":
            perm = attrs.get("perm")
            return isinstance(perm, tuple) and perm[-1] == len(perm) - 1
        if kind == "Gather":
            axis = attrs.get("axis", 0)
            return bool(axis >= 0 and (axis < rank - 1 if rank is not None else axis == 0))
        if kind in {"Slice", "Split"}:
            axes = columns.axes_of(self, origin, rank)
            return (
                axes is not None
                and all(a >= 0 and (rank is None or a < rank - 1) for a in axes)
                and rank is not None
            )
        out = step.outs[origin.index] if origin.index < len(step.outs) else None
        shapes = (fact.shape if fact is not None else None, out.shape if out is not None else None)
        return bool(shapes[0] and shapes[1] and shapes[0][-1] == shapes[1][-1])

    def form(self, origin: Origin, depth: int = 0) -> Form:
        """The affine form of a tensor; a tensor that is made otherwise is a form by itself."""
        known = self._known.get(origin.key)
        if known is None:
            try:
                known = self._made(origin, depth)
            except CONTRADICTIONS:
                known = Form((Term(origin),))
            self._known[origin.key] = known
        return known

    def _made(self, origin: Origin, depth: int) -> Form:
        row = self.row(origin)
        if row is not None:
            return Form((), row)
        bare = Form((Term(self.through(origin)),))
        step = origin.step
        if step is None or depth > DEEPEST:
            return bare
        node, attrs = step.node, attributes(origin.scope, step.node)
        kind = node.kind
        before = self._same_rows(origin)
        if before is not None:
            return self.form(before, depth + 1)
        if kind in {"Add", "Sub", "Sum"} and len(node.inputs) == 2:
            a, b = (self.form(self.flow.origin(n, origin.scope), depth + 1) for n in node.inputs)
            try:
                total = a.plus(b, -1.0 if kind == "Sub" else 1.0)
            except (Undetermined, ValueError):
                return bare
            # a sum that no stored matrix takes part in (c' = f c + i g) is a tensor of its own
            return bare if all(t.matrix is None for t in total.terms) else total
        if kind == "Mul":
            return self._scaled(origin, depth) or bare
        if kind in {"MatMul", "Gemm"} or kind in _WEIGHTS_SCALED:
            return self._product(origin, kind, attrs, depth) or bare
        if kind in {"Split", "Slice"}:
            return self._columns(origin, attrs, depth) or bare
        return bare

    def _scaled(self, origin: Origin, depth: int) -> Form | None:
        """A form times a stored number or vector: peepholes, temperatures; dequantised products."""
        quantized = self._integer_product(origin, depth)
        if quantized is not None:
            return quantized
        a, b = self.flow.input(origin, 0), self.flow.input(origin, 1)
        if a is None or b is None:
            return None
        for one, other in ((a, b), (b, a)):
            row = self.row(one)
            if row is not None:
                made = self.form(other, depth + 1).times_scalar(
                    row if row.size > 1 else float(row.reshape(-1)[0])
                )
                return Form(made.terms, made.bias, made.used | self.weights(one))
        return None

    def _integer_product(self, origin: Origin, depth: int) -> Form | None:
        """Cast(MatMulInteger(quantised a, B)) times the scales of a and B."""
        for first, second in ((0, 1), (1, 0)):
            cast, scale = self.flow.input(origin, first), self.flow.input(origin, second)
            if cast is None or scale is None or cast.op != "Cast":
                continue
            product = self.flow.input(cast, 0)
            if product is None or product.op != "MatMulInteger" or scale.op != "Mul":
                continue
            quantize = self.flow.input(product, 0)
            weight, zero = self.flow.input(product, 1), self.flow.input(product, 3)
            if quantize is None or quantize.op != "DynamicQuantizeLinear" or weight is None:
                continue
            source = self.flow.input(quantize, 0)
            for i in (0, 1):
                by = self.flow.input(scale, i)
                factor = None if by is None else self.numbers(by)
                matrix = self.numbers(weight)
                if factor is None or matrix is None or source is None:
                    continue
                point = None if zero is None else self.numbers(zero)
                wide = matrix.astype("float32") - (0 if point is None else point.astype("float32"))
                return self.product(source, wide * factor, self.weights(weight), depth)
        return None

    def _product(self, origin: Origin, kind: str, attrs: Mapping[str, Any], depth: int) -> Form | None:
        import numpy as np

        left, right = self.flow.input(origin, 0), self.flow.input(origin, 1)
        if left is None or right is None or attrs.get("transA", 0):
            return None
        matrix = self.numbers(right)
        if matrix is None or matrix.ndim != 2:
            return None
        bias = None
        if kind == "Gemm":
            matrix = matrix.T if attrs.get("transB", 0) else matrix
            if attrs.get("alpha", 1.0) != 1.0:
                matrix = matrix * np.float32(attrs["alpha"])
            bias = self.flow.input(origin, 2)
        elif kind in _WEIGHTS_SCALED:
            scale, zero, bias = (self.flow.input(origin, i) for i in _WEIGHTS_SCALED[kind])
            by = None if scale is None else self.numbers(scale)
            point = None if zero is None else self.numbers(zero)
            if by is None:
                return None
            matrix = (matrix.astype(np.float32) - (0 if point is None else point.astype(np.float32))) * by
        if kind.endswith("MatMulIntegerToFloat"):
            # what is multiplied is the float tensor that was quantised to its own range
            quantized = left.op == "DynamicQuantizeLinear"
            left = self.flow.input(left, 0) if quantized else None
            if left is None:
                return None
        made = self.product(left, matrix, self.weights(right), depth)
        if bias is None:
            return made
        row = self.row(bias)
        if row is None:
            return None
        return made.plus(Form((), row * attrs.get("beta", 1.0), self.weights(bias)))

    def fused(self, origin: Origin) -> Form | None:
        """The affine form inside of a FusedGemm, onnxruntime's Gemm with an activation behind it."""
        assert origin.step is not None
        return self._product(origin, "Gemm", attributes(origin.scope, origin.step.node), 0)

    def product(self, left: Origin, matrix: Array, used: frozenset[int], depth: int) -> Form:
        """The form of ``left @ matrix``; a concatenated ``left`` takes the rows of each part."""
        row = self.row(left)
        if row is not None:
            return Form((), row @ matrix if row.size > 1 else row * matrix.sum(axis=0), used)
        parts = self._parts(self.through(left), len(matrix))
        if parts is not None:
            total = Form((), None, used)
            for part, start, stop in parts:
                total = total.plus(self.product(part, matrix[start:stop], used, depth + 1))
            return total
        inner = self.form(left, depth + 1)
        terms = []
        for term in inner.terms:
            if term.dense and term.matrix is not None and len(term.matrix) * matrix.shape[1] > WIDEST:
                return Form((Term(self.through(left), matrix),), None, used)
            terms.append(term.before(matrix))
        bias = (
            None
            if inner.bias is None
            else inner.bias @ matrix
            if inner.bias.size > 1
            else inner.bias * matrix.sum(0)
        )
        return Form(tuple(terms), bias, used | inner.used)

    def _parts(self, origin: Origin, total: int) -> list[tuple[Origin, int, int]] | None:
        """The inputs of a Concat along the last axis, with the rows of the matrix that each meets."""
        step = origin.step
        if step is None or step.node.kind != "Concat":
            return None
        fact = step.outs[0] if step.outs else None
        axis = attributes(origin.scope, step.node).get("axis", 1)
        if axis != -1 and (fact is None or fact.rank is None or axis != fact.rank - 1):
            return None
        made, sizes = [], []
        for i in range(len(step.node.inputs)):
            part = self.flow.input(origin, i)
            if part is None:
                return None
            made.append(part)
            sizes.append(self.size(part))
        if sizes.count(None) == 1:
            sizes[sizes.index(None)] = total - sum(s for s in sizes if s is not None)
        if any(s is None or s < 0 for s in sizes) or sum(s or 0 for s in sizes) != total:
            return None
        found, at = [], 0
        for part, size in zip(made, sizes, strict=True):
            assert size is not None
            found.append((part, at, at + size))
            at += size
        return found

    def size(self, origin: Origin) -> int | None:
        """Size of the last axis of a tensor."""
        row = self.row(origin)
        if row is not None and row.size > 1:
            return int(row.size)
        shape = origin.fact.shape
        if shape and isinstance(shape[-1], int):
            return shape[-1]
        return None

    def _columns(self, origin: Origin, attrs: Mapping[str, Any], depth: int) -> Form | None:
        """Some columns of a form: one output of a Split, or a Slice, along the last axis."""
        before = self.flow.input(origin, 0)
        if before is None:
            return None
        inner = self.form(before, depth + 1)
        width = inner.width or self.size(before)
        step = origin.step
        assert step is not None
        if width is None:
            return None
        span = columns.span(self, origin, width)
        if span is None:
            return None
        try:
            return inner.columns(*span)
        except Undetermined:
            return None

    def row(self, origin: Origin) -> Array | None:
        """A constant that is the same for every row, as a vector (or one number); else None."""
        import numpy as np

        if origin.step is not None and not origin.fact.constant and origin.op not in _FOLDABLE:
            return None
        array = self.numbers(origin)
        if array is None and origin.op in {"ConstantOfShape", "Expand"}:
            filled = self.ranges.at(origin)
            low = filled.least()
            return np.array([low], np.float32) if low == filled.greatest() else None
        if array is None or not array.size:
            return None
        flat = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
        if len(flat) > 1 and not (flat == flat[:1]).all():
            return None
        first: Array = flat[0]
        return first

    def numbers(self, origin: Origin) -> Array | None:
        try:
            return self.constants.at(origin)
        except Undetermined:
            return None

    def weights(self, origin: Origin) -> frozenset[int]:
        """The stored matrices that a constant is computed from, by id."""
        known = self._weights.get(origin.key)
        if known is None:
            found: set[int] = set()
            seen: set[Key] = set()
            stack = [origin]
            while stack and len(seen) < 200:
                top = stack.pop()
                if top.key in seen:
                    continue
                seen.add(top.key)
                if top.weight is not None and len(top.weight.shape) >= 2:
                    found.add(id(top.weight))
                elif top.step is not None and top.op not in {"Shape", "Size"}:
                    stack += [self.flow.origin(n, top.scope) for n in top.step.node.inputs if n]
            known = self._weights[origin.key] = frozenset(found)
        return known


_FOLDABLE = frozenset(
    {"Constant", "ConstantOfShape", "Expand", "Identity", "Unsqueeze", "Slice", "Concat", "Transpose"}
)
