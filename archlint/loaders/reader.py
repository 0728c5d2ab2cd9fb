"""Parsed protobuf messages to `Model`: every field looked at once, every name made text."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, Any

from archlint.errors import LoadError
from archlint.loaders.external import ExternalFiles, ExternalSource
from archlint.loaders.sparse import SparseSource
from archlint.loaders.tensors import ProtoSource, Structure, text
from archlint.model import AttributeReference, Fact, Function, Graph, Model, Node, Reading, Weight
from archlint.model.dtypes import ONNX_CODES
from archlint.symbolic import Dim, fresh, named

if TYPE_CHECKING:
    import numpy as np
    import onnx
    from numpy.typing import NDArray

    from archlint.loaders.options import Options

_TEXT = {1: "float32", 2: "int64", 3: "string", 6: "float32", 7: "int64", 8: "string"}


class Reader:
    """Turns the messages of one file into its model; raises `LoadError` where a limit is passed."""

    def __init__(self, path: str, options: Options, structure: Structure) -> None:
        self.path = path
        self.limits = options.limits
        self.structure = structure
        self.reading = Reading(options.weights, options.limits.weight_bytes)
        self.files = ExternalFiles(path, hard_links=options.hard_links)
        self.nodes = 0
        self.depth = 0
        self.in_function = False

    def model(self, proto: onnx.ModelProto, size: int) -> Model:
        graph = self._graph(proto.graph)
        self.in_function = True
        functions = [self._function(f) for f in proto.functions]
        return Model(
            self.path,
            "onnx",
            graph,
            _opsets(proto),
            {(f.domain, f.name, f.overload): f for f in functions},
            proto.ir_version if proto.HasField("ir_version") else None,
            text(proto.producer_name),
            _properties(proto),
            nbytes=size,
            beside=self._beside(),
            problems=self.reading.problems,
        )

    def _beside(self) -> tuple[str, ...]:
        names = {w.external for w in self.reading.weights if w.external}
        return tuple(sorted(os.path.join(self.files.folder, n) for n in names))

    def _function(self, proto: onnx.FunctionProto) -> Function:
        name = text(proto.name)
        graph = self._body(name, proto.node, {}, {}, {}, proto.value_info, [])
        attributes: dict[str, Any] = dict.fromkeys(map(text, proto.attribute))
        attributes.update({text(a.name): self._attribute(a) for a in proto.attribute_proto})
        return Function(
            _domain(proto.domain),
            name,
            text(proto.overload),
            tuple(map(text, proto.input)),
            tuple(map(text, proto.output)),
            attributes,
            _opsets(proto),
            graph,
        )

    def _graph(self, proto: onnx.GraphProto) -> Graph:
        self.depth += 1
        if self.depth > self.limits.nesting:
            raise LoadError(
                "IO010", f"graphs are nested more than {self.limits.nesting} deep, the limit (--max-depth)"
            )
        weights: dict[str, Weight] = {}
        twice: list[tuple[str, str, str]] = []
        for index, t in enumerate(proto.initializer):
            if t.name:  # nothing can read one without
                weight = self._weight(t)
                if weight.name in weights:
                    twice.append((weight.name, "an initializer", f"initializer #{index}"))
                else:
                    weights[weight.name] = weight
        for sparse in proto.sparse_initializer:
            if sparse.values.name:
                weight = self._sparse(sparse)
                if weight.name in weights:
                    twice.append((weight.name, "an initializer", "a sparse initializer"))
                else:
                    weights[weight.name] = weight
        inputs = self._declared(proto.input)
        if len(inputs) < len(proto.input):
            twice += _repeated(map(_name, proto.input), "an input")
        outputs = self._declared(proto.output)
        graph = self._body(_name(proto), proto.node, inputs, outputs, weights, proto.value_info, twice)
        self.depth -= 1
        return graph

    def _declared(self, infos: Any) -> dict[str, Fact]:
        known: dict[str, Fact] = {}
        for v in infos:
            name = text(v.name)
            if name or name not in known:
                known[name] = self._fact(v.type, name)
        return known

    def _body(
        self,
        name: str,
        nodes: Any,
        inputs: dict[str, Fact],
        outputs: dict[str, Fact],
        weights: dict[str, Weight],
        infos: Any,
        duplicates: list[tuple[str, str, str]],
    ) -> Graph:
        self.nodes += len(nodes)
        if self.nodes > self.limits.nodes:
            raise LoadError("IO010", f"more than {self.limits.nodes:,} nodes, the limit (--max-nodes)")
        kept: list[Node] = []
        attribute = self._attribute
        for index, n in enumerate(nodes):
            op_type = n.op_type
            attrs = {a.name: attribute(a) for a in n.attribute} if n.attribute else {}
            if op_type == "Constant":
                weight = self._constant(n, attrs, index)
                if weight is not None and weight.name not in weights and weight.name not in inputs:
                    weights[weight.name] = weight
                    continue
            node = Node(op_type, tuple(n.input), tuple(n.output), attrs, n.name, n.domain, n.overload, index)
            if n.metadata_props:
                node.metadata = _properties(n)
            kept.append(node)
        if kept and not any(n.op_type for n in kept):
            raise LoadError(
                "IO006", f"none of {len(kept):,} nodes says which operator it is: damaged, or no model"
            )
        _tidy(kept)
        duplicates += _produced_twice(kept, inputs, weights)
        return Graph(name, kept, inputs, outputs, weights, self._declared(infos), duplicates=duplicates)

    def _constant(self, node: onnx.NodeProto, attrs: dict[str, Any], index: int) -> Weight | None:
        """A Constant node as the stored tensor it is; None when its value is a reference or unclear."""
        if len(attrs) != 1 or len(node.output) != 1 or not node.output[0] or _domain(node.domain):
            return None
        ((name, value),) = attrs.items()
        output, label = text(node.output[0]), text(node.name) or f"#{index}"
        if name in {"value", "sparse_value"} and isinstance(value, Weight):
            value.name, value.origin, value.node = output, "Constant", label
            return value
        dtype = _TEXT.get(node.attribute[0].type)
        if dtype is None or not name.startswith("value_") or isinstance(value, AttributeReference):
            return None
        shape = (len(value),) if isinstance(value, tuple) else ()
        return Weight(output, dtype, shape, _Literal(value), "Constant", label, reading=self.reading)

    def _attribute(self, proto: onnx.AttributeProto) -> Any:
        kind = proto.type
        if self.in_function and proto.ref_attr_name:
            return AttributeReference(text(proto.ref_attr_name))
        if kind == 2:
            return proto.i
        if kind == 7:
            return tuple(proto.ints)
        if kind == 1:
            return proto.f
        if kind == 3:
            return _string(proto.s)
        if kind == 4:
            return self._weight(proto.t)
        if kind == 5:
            return self._graph(proto.g)
        if kind == 6:
            return tuple(proto.floats)
        if kind == 8:
            return tuple(_string(s) for s in proto.strings)
        if kind == 9:
            return tuple(self._weight(t) for t in proto.tensors)
        if kind == 10:
            return tuple(self._graph(g) for g in proto.graphs)
        if kind == 11:
            return self._sparse(proto.sparse_tensor)
        if kind == 13:
            return self._fact(proto.tp, "a type")
        return self._untyped(proto) if not kind else None

    def _untyped(self, proto: onnx.AttributeProto) -> Any:
        """The value of an attribute that does not say its type, as files of before 2018 do not."""
        if proto.ints:
            return tuple(proto.ints)
        if proto.floats:
            return tuple(proto.floats)
        if proto.strings:
            return tuple(_string(s) for s in proto.strings)
        if proto.HasField("t"):
            return self._weight(proto.t)
        if proto.HasField("g"):
            return self._graph(proto.g)
        if proto.HasField("s"):
            return _string(proto.s)
        if proto.HasField("i"):
            return proto.i
        return proto.f if proto.HasField("f") else None

    def _weight(self, proto: onnx.TensorProto) -> Weight:
        name, shape = proto.name, tuple(proto.dims)
        if type(name) is not str:
            name = text(name)
        if len(shape) > self.limits.rank:
            raise _rank(f"initializer '{name}'", len(shape), self.limits.rank)
        dtype = ONNX_CODES.get(proto.data_type, "unknown")
        weight: Weight
        if proto.data_location == 1:
            outside = ExternalSource(proto, self.files)
            weight = Weight(name, dtype, shape, outside, external=outside.location, reading=self.reading)
        else:
            source = ProtoSource(proto, self.structure)
            weight = Weight(name, dtype, shape, source, reading=self.reading)
        self.reading.weights.append(weight)
        return weight

    def _sparse(self, proto: onnx.SparseTensorProto) -> Weight:
        values, shape = self._weight(proto.values), tuple(proto.dims)
        if len(shape) > self.limits.rank:
            raise _rank(f"initializer '{values.name}'", len(shape), self.limits.rank)
        source = SparseSource(values, self._weight(proto.indices), self.limits.weight_bytes)
        return Weight(values.name, values.dtype, shape, source, reading=self.reading)

    def _fact(self, proto: onnx.TypeProto, name: str) -> Fact:
        kind = proto.WhichOneof("value")
        if kind in ("tensor_type", "sparse_tensor_type"):
            tensor = getattr(proto, kind)
            dims = tensor.shape.dim
            if len(dims) > self.limits.rank:
                raise _rank(f"tensor '{name}'", len(dims), self.limits.rank)
            shape = tuple([self._dim(d) for d in dims]) if dims or tensor.HasField("shape") else None
            return Fact(ONNX_CODES.get(tensor.elem_type), shape)
        if kind in ("sequence_type", "optional_type"):
            element = self._fact(getattr(proto, kind).elem_type, name)
            return Fact(kind=kind.removesuffix("_type"), element=element)
        return Fact(kind="map" if kind == "map_type" else "tensor")

    def _dim(self, proto: Any) -> Dim:
        if proto.HasField("dim_value"):
            size: int = proto.dim_value
            return size if size >= 0 else fresh()
        symbol = text(proto.dim_param)
        return named(symbol) if symbol and len(symbol) <= self.limits.symbol_length else fresh()


class _Literal:
    """Numbers of a Constant node that stand in its attribute."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def read(self, weight: Weight) -> NDArray[Any]:
        import numpy as np

        array: np.ndarray[Any, Any]
        array = np.asarray(self.value, dtype=object if weight.dtype == "string" else weight.dtype)
        return array


def _tidy(nodes: list[Node]) -> None:
    """Give names that are not UTF-8, which protobuf hands over as bytes, an escaped form."""
    names = chain(
        chain.from_iterable([n.inputs for n in nodes]),
        chain.from_iterable([n.outputs for n in nodes]),
        chain.from_iterable([n.attrs for n in nodes]),
        [n.name for n in nodes],
        [n.op_type for n in nodes],
        [n.domain for n in nodes],
        [n.overload for n in nodes],
    )
    if bytes in set(map(type, names)):
        for n in nodes:
            n.inputs, n.outputs = tuple(map(text, n.inputs)), tuple(map(text, n.outputs))
            n.attrs = {text(k): v for k, v in n.attrs.items()}
            n.name, n.op_type = text(n.name), text(n.op_type)
            n.domain, n.overload = text(n.domain), text(n.overload)
    for n in nodes:
        if n.domain == "ai.onnx":
            n.domain = ""


def _produced_twice(
    nodes: list[Node], inputs: dict[str, Fact], weights: dict[str, Weight]
) -> list[tuple[str, str, str]]:
    """Tensors that have more than one origin, as (name, first, second)."""
    made = [name for n in nodes for name in n.outputs if name]
    given = len(inputs.keys() | weights.keys())
    if len(set(made).union(inputs, weights)) == len(made) + given:
        return []
    first: dict[str, str] = dict.fromkeys(inputs, "an input")
    first.update({name: _origin(w) for name, w in weights.items()})
    found = []
    for n in nodes:
        for name in filter(None, n.outputs):
            label = f"node '{n.name}' ({n.op_type})" if n.name else f"node #{n.index} ({n.op_type})"
            if name in first:
                found.append((name, first[name], label))
            first.setdefault(name, label)
    return found


def _origin(weight: Weight) -> str:
    return "an initializer" if weight.origin == "initializer" else f"node '{weight.node}' (Constant)"


def _repeated(names: Any, what: str) -> list[tuple[str, str, str]]:
    seen: set[str] = set()
    return [(n, what, what) for n in names if n and (n in seen or seen.add(n))]  # type: ignore[func-returns-value]


def _rank(what: str, rank: int, limit: int) -> LoadError:
    return LoadError("IO010", f"{what} has {rank:,} dimensions, the limit is {limit}")


def _opsets(proto: Any) -> dict[str, int]:
    return {_domain(o.domain): o.version for o in proto.opset_import}


def _properties(proto: Any) -> dict[str, str]:
    return {text(p.key): text(p.value) for p in proto.metadata_props}


def _name(proto: Any) -> str:
    return text(proto.name)


def _domain(name: str | bytes) -> str:
    return "" if name == "ai.onnx" else text(name)


def _string(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
