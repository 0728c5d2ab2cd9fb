"""ONNX protobuf to `Model`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.errors import LoadError
from archlint.model import AttributeReference, Fact, Function, Graph, Model, Node, Weight
from archlint.model.dtypes import ONNX_CODES
from archlint.symbolic import Dim, fresh, named

if TYPE_CHECKING:
    import numpy as np
    import onnx
    from numpy.typing import NDArray


class ProtoSource:
    """Numbers inside a TensorProto that is held in memory, or in the file it points to."""

    def __init__(self, proto: onnx.TensorProto, folder: str) -> None:
        self.proto = proto
        self.folder = folder

    def read(self, weight: Weight) -> NDArray[Any]:
        from onnx import numpy_helper

        try:
            array: np.ndarray[Any, Any] = numpy_helper.to_array(self.proto, self.folder)
        except Exception as error:
            raise LoadError("IO007", f"initializer '{weight.name}': {error}") from error
        return array


def load_onnx(path: str, data: bytes) -> Model:
    """The model in ONNX's binary form; raises `LoadError` when it is none."""
    import os

    import onnx
    from google.protobuf.message import DecodeError

    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(data)
    except DecodeError as error:
        raise LoadError("IO006", f"not a readable ONNX file: {error}") from error
    return _Reader(path, os.path.dirname(os.path.abspath(path))).model(proto, len(data))


class _Reader:
    def __init__(self, path: str, folder: str) -> None:
        self.path = path
        self.folder = folder

    def model(self, proto: onnx.ModelProto, size: int) -> Model:
        functions = [self._function(f) for f in proto.functions]
        return Model(
            self.path,
            "onnx",
            self._graph(proto.graph),
            {_domain(o.domain): o.version for o in proto.opset_import},
            {(f.domain, f.name, f.overload): f for f in functions},
            proto.ir_version,
            proto.producer_name,
            {p.key: p.value for p in proto.metadata_props},
            nbytes=size,
        )

    def _function(self, proto: onnx.FunctionProto) -> Function:
        graph = self._body(proto.name, proto.node, [], [], {}, proto.value_info)
        attributes: dict[str, Any] = dict.fromkeys(proto.attribute)
        attributes.update({a.name: self._attribute(a) for a in proto.attribute_proto})
        return Function(
            _domain(proto.domain),
            proto.name,
            proto.overload,
            tuple(proto.input),
            tuple(proto.output),
            attributes,
            {_domain(o.domain): o.version for o in proto.opset_import},
            graph,
        )

    def _graph(self, proto: onnx.GraphProto) -> Graph:
        weights = {t.name: self._weight(t) for t in proto.initializer}
        for sparse in proto.sparse_initializer:
            weights[sparse.values.name] = self._weight(sparse.values, tuple(sparse.dims))
        return self._body(proto.name, proto.node, proto.input, proto.output, weights, proto.value_info)

    def _body(
        self, name: str, nodes: Any, inputs: Any, outputs: Any, weights: dict[str, Weight], infos: Any
    ) -> Graph:
        kept: list[Node] = []
        duplicates: list[tuple[str, str, str]] = []
        for index, n in enumerate(nodes):
            if n.op_type == "Constant" and _domain(n.domain) == "" and len(n.output) == 1:
                weight = self._constant(n, index)
                if weight is not None:
                    weights.setdefault(weight.name, weight)
                    continue
            kept.append(
                Node(
                    n.op_type,
                    tuple(n.input),
                    tuple(n.output),
                    {a.name: self._attribute(a) for a in n.attribute},
                    n.name,
                    _domain(n.domain),
                    n.overload,
                    index,
                    metadata={p.key: p.value for p in n.metadata_props} if n.metadata_props else {},
                )
            )
        return Graph(
            name,
            kept,
            {v.name: _fact(v.type) for v in inputs},
            {v.name: _fact(v.type) for v in outputs},
            weights,
            {v.name: _fact(v.type) for v in infos},
            duplicates=duplicates,
        )

    def _constant(self, node: onnx.NodeProto, index: int) -> Weight | None:
        """A Constant node as the stored tensor it is; None when its value is a reference or text."""
        attribute = node.attribute[0] if len(node.attribute) == 1 else None
        if attribute is None or attribute.ref_attr_name:
            return None
        value = self._attribute(attribute)
        origin, name = "Constant", node.name or f"#{index}"
        if attribute.name == "value" and isinstance(value, Weight):
            value.name, value.origin, value.node = node.output[0], origin, name
            return value
        kinds = {
            "value_float": "float32",
            "value_floats": "float32",
            "value_int": "int64",
            "value_ints": "int64",
        }
        dtype = kinds.get(attribute.name)
        if dtype is None:
            return None
        shape = (len(value),) if isinstance(value, tuple) else ()
        return Weight(node.output[0], dtype, shape, _Literal(value), origin, name)

    def _attribute(self, proto: onnx.AttributeProto) -> Any:
        if proto.ref_attr_name:
            return AttributeReference(proto.ref_attr_name)
        kind = proto.type
        if kind == 1:
            return proto.f
        if kind == 2:
            return proto.i
        if kind == 3:
            return _text(proto.s)
        if kind == 4:
            return self._weight(proto.t)
        if kind == 5:
            return self._graph(proto.g)
        if kind == 6:
            return tuple(proto.floats)
        if kind == 7:
            return tuple(proto.ints)
        if kind == 8:
            return tuple(_text(s) for s in proto.strings)
        if kind == 9:
            return tuple(self._weight(t) for t in proto.tensors)
        if kind == 13:
            return _fact(proto.tp)
        return None

    def _weight(self, proto: onnx.TensorProto, shape: tuple[int, ...] | None = None) -> Weight:
        external = None
        if proto.data_location == 1:
            external = next((e.value for e in proto.external_data if e.key == "location"), "")
        return Weight(
            proto.name,
            ONNX_CODES.get(proto.data_type, "unknown"),
            tuple(proto.dims) if shape is None else shape,
            ProtoSource(proto, self.folder),
            external=external,
        )


class _Literal:
    """Numbers of a Constant node that stand in its attribute."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def read(self, weight: Weight) -> NDArray[Any]:
        import numpy as np

        return np.asarray(self.value, dtype=weight.dtype)


def _domain(name: str) -> str:
    return "" if name == "ai.onnx" else name


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _fact(proto: onnx.TypeProto) -> Fact:
    kind = proto.WhichOneof("value")
    if kind in ("tensor_type", "sparse_tensor_type"):
        tensor = getattr(proto, kind)
        shape = tuple(_dim(d) for d in tensor.shape.dim) if tensor.HasField("shape") else None
        return Fact(ONNX_CODES.get(tensor.elem_type), shape)
    if kind in ("sequence_type", "optional_type"):
        name = kind.removesuffix("_type")
        return Fact(kind=name, element=_fact(getattr(proto, kind).elem_type))
    return Fact(kind="map" if kind == "map_type" else "tensor")


def _dim(proto: Any) -> Dim:
    if proto.HasField("dim_value"):
        return proto.dim_value if proto.dim_value >= 0 else fresh()
    return named(proto.dim_param) if proto.HasField("dim_param") else fresh()
