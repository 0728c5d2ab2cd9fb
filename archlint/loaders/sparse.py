"""Sparse tensors: the few values that are stored, put into the zeros around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.errors import LoadError
from archlint.loaders.files import size_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from archlint.model import Weight


class SparseSource:
    """A SparseTensorProto: ``indices`` are flat, or one row of coordinates for each value.

    https://onnx.ai/onnx/repo-docs/IR.html (SparseTensorProto)
    """

    __slots__ = ("indices", "limit", "values")

    def __init__(self, values: Weight, indices: Weight, limit: int) -> None:
        self.values = values
        self.indices = indices
        self.limit = limit

    def read(self, weight: Weight) -> NDArray[Any]:
        """The dense tensor; raises `LoadError` when it would be too large, or an index is outside."""
        import numpy as np

        if any(d < 0 for d in weight.shape):
            raise LoadError("IO011", f"'{weight.name}' has a negative size in its shape")
        if (weight.nbytes or 0) > self.limit:
            text = f"'{weight.name}' is sparse and would fill {size_text(weight.nbytes or 0)}; not read"
            raise LoadError("IO010", text)
        values, indices = self.values.array().reshape(-1), self.indices.array()
        if indices.ndim == 2 and indices.shape[1] == len(weight.shape):
            low = bool((indices < 0).any()) or bool((indices >= np.array(weight.shape)).any())
            flat = None if low else np.ravel_multi_index(tuple(indices.T), weight.shape)
        else:
            flat = indices.reshape(-1)
        if flat is None or len(flat) != len(values) or ((flat < 0) | (flat >= weight.numel)).any():
            raise LoadError(
                "IO011", f"'{weight.name}' has sparse indices that do not fit its shape or values"
            )
        dense: np.ndarray[Any, Any] = np.zeros(weight.numel, values.dtype)
        dense[flat] = values
        return dense.reshape(weight.shape)
