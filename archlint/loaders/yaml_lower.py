"""Layers to nodes: ONNX operators with their attributes, inputs and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.loaders.yaml_aliases import ALIASES, SHAPE_KEYS, SUGAR, Windows
from archlint.loaders.yaml_attributes import Attributes
from archlint.loaders.yaml_fields import Fields
from archlint.loaders.yaml_operators import Signature, signature
from archlint.loaders.yaml_references import References
from archlint.loaders.yaml_shapes import IMPLIED, Implied, Request, settled
from archlint.loaders.yaml_weights import Explicit, Weights
from archlint.model import UNKNOWN, Fact, Graph, Model, Node, Weight, shape_text
from archlint.model.dtypes import FLOATS

if TYPE_CHECKING:
    from archlint.errors import LoadError
    from archlint.loaders.shaper import Shaper, ShaperFactory
    from archlint.loaders.yaml_document import Document, Layer
    from archlint.symbolic import Dim

KEEPING = frozenset(
    {
        "Conv",
        "ConvTranspose",
        "MaxPool",
        "AveragePool",
        "LpPool",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "BatchNormalization",
        "InstanceNormalization",
        "GroupNormalization",
        "LayerNormalization",
        "Dropout",
        "Relu",
        "LeakyRelu",
        "PRelu",
        "Elu",
        "Selu",
        "Sigmoid",
        "Tanh",
        "HardSigmoid",
        "HardSwish",
        "Softplus",
        "Softmax",
        "Gelu",
        "Mish",
        "Clip",
        "Identity",
        "Pad",
        "Resize",
        "LRN",
    }
)
"""Operators whose output has as many axes as their first input."""


class Lowering(Fields):
    """Builds the model of one document, layer by layer."""

    def __init__(
        self, document: Document, folder: str, shaper: ShaperFactory | None, *, example: bool
    ) -> None:
        super().__init__(document.text)
        self.document = document
        self.example = example
        self.references = References(document, example=example)
        invented = {name: Fact() for name in self.references.invented}
        self.inputs: dict[str, Fact] = {**document.inputs, **invented}
        self.stored = Weights(document.text, folder, document.weights)
        self.attributes = Attributes(document.text)
        self.windows = Windows(document.text)
        self.nodes: list[Node] = []
        self.weights: dict[str, Weight] = {}
        self.opened: dict[str, Fact] = {}
        """Weights whose shape is not known in numbers: they are inputs of the graph."""
        self.problems: list[LoadError] = []
        self.duplicates: list[tuple[str, str, str]] = []
        self.opsets = dict(document.opsets)
        self._factory = shaper
        self._shaper: Shaper | None = None
        self._fed = 0
        self._keeping: dict[str, str] = {}

    def model(self, nbytes: int) -> Model:
        """The model; raises `LoadError`."""
        self._check_names()
        for layer, ins in zip(self.document.layers, self.references.ins, strict=True):
            if not layer.domain:
                self.opsets.setdefault("", self.document.opset)
            self._lower(layer, ins)
        outputs = {
            name: Fact() if item is None else self.fact(item, f"output '{name}'")
            for name, item in self.references.outs.items()
        }
        graph = Graph(
            self.document.name,
            self.nodes,
            {**self.inputs, **self.opened},
            outputs,
            self.weights,
            duplicates=self.duplicates,
        )
        return Model(
            self.text.path,
            "yaml",
            graph,
            self.opsets,
            source=self.text.source,
            nbytes=nbytes,
            problems=[*self.stored.problems, *self.problems],
        )

    def _check_names(self) -> None:
        first: dict[str, Layer] = {}
        for layer in self.document.layers:
            if layer.name in self.inputs:
                message = f"layer '{layer.name}' is called like an input of the model"
                raise self.text.error("YML014", message, layer.key("name"))
            other = first.setdefault(layer.name, layer)
            if other is not layer and self.example:
                self.duplicates.append((layer.name, other.name, layer.name))
            elif other is not layer:
                message = f"layer name '{layer.name}' given twice (first at line {other.line})"
                raise self.text.error("YML014", message, layer.key("name"))

    def _incoming(self, ins: list[str]) -> Fact:
        """What is known of a layer's first input; feeds the shaper what it has not seen yet."""
        if not ins or not ins[0]:
            return UNKNOWN
        held = self.weights.get(ins[0])
        if held is not None:
            return Fact(held.dtype, held.shape)
        if self._factory is None:
            return self.inputs.get(ins[0], UNKNOWN)
        if self._shaper is None:
            self._shaper = self._factory(self.inputs, self.opsets)
        for node in self.nodes[self._fed :]:
            self._shaper.take(node, self.weights)
        self._fed = len(self.nodes)
        return self._shaper.fact(ins[0])

    def _rank(self, incoming: Fact | None, ins: list[str]) -> int | None:
        """Axes of a layer's first input, followed back through layers that keep their number.

        Propagation knows nothing behind a layer that contradicts its input; its rank it still has.
        """
        if incoming is not None and incoming.rank is not None:
            return incoming.rank
        name = ins[0] if ins else ""
        while name in self._keeping:
            name = self._keeping[name]
            if self._shaper is not None and (rank := self._shaper.fact(name).rank) is not None:
                return rank
        return None

    def _lower(self, layer: Layer, ins: list[str]) -> None:
        self._check_spellings(layer)
        if layer.domain:
            self.opsets.setdefault(layer.domain, 1)
            self._custom(layer, ins)
        elif layer.op_type == "Constant":
            self._constant(layer)
        elif layer.written == "Linear":
            self._linear(layer, ins)
        elif layer.written == "Embedding":
            self._embedding(layer, ins)
        else:
            self._standard(layer, ins)

    def _check_spellings(self, layer: Layer) -> None:
        """Refuse a short key together with the ONNX attribute that says the same."""
        for short, onnx in SUGAR.get(layer.op_type, {}).items():
            for name in onnx if short in layer.fields else ():
                if name in layer.fields:
                    message = f"{layer.title}: '{short}' and '{name}' say the same thing"
                    raise self.text.error("YML012", message, layer.key(name), "keep one of them")
        if "out_channels" in layer.fields and "filters" in layer.fields:
            message = f"{layer.title}: 'out_channels' and 'filters' say the same thing"
            raise self.text.error("YML012", message, layer.key("filters"), "keep one of them")

    def _node(
        self, layer: Layer, op_type: str, inputs: list[str], attrs: dict[str, Any], part: str = ""
    ) -> str:
        """Append a node and return its first output; ``part`` names an inner step of the layer."""
        while inputs and not inputs[-1]:
            inputs.pop()
        name = f"{layer.name}/{part}" if part else layer.name
        count = 1 if part else self._outputs(layer, attrs)
        outputs = (name, *(f"{name}:{k}" for k in range(1, count)))
        if op_type in KEEPING and inputs:
            self._keeping[name] = inputs[0]
        index = len(self.nodes)
        self.nodes.append(
            Node(
                op_type,
                tuple(inputs),
                outputs,
                attrs,
                name,
                layer.domain,
                index=index,
                line=layer.line,
                column=layer.column,
            )
        )
        return name

    def _outputs(self, layer: Layer, attrs: dict[str, Any]) -> int:
        """Outputs of a layer: those that are read, and for Split those that it says."""
        count = self.references.count.get(layer.name, 1)
        if layer.op_type == "Split":
            held = self.weights.get(f"{layer.name}.split")
            parts: int = attrs.get("num_outputs", 0)
            return max(count, parts, len(attrs.get("split", ())), held.numel if held is not None else 0)
        return count

    def _custom(self, layer: Layer, ins: list[str]) -> None:
        """An operator outside ONNX: its attributes are taken as they are written."""
        attrs = {
            key: self.attributes.untyped(item, f"'{key}' of {layer.title}")
            for key, item in layer.fields.items()
            if key != "in"
        }
        self._node(layer, layer.op_type, ins, attrs)

    def _constant(self, layer: Layer) -> None:
        if len(layer.fields.keys() - {"in"}) != 1 or "in" in layer.fields:
            message = (
                f"{layer.title} needs exactly one of value, value_int, value_float, value_ints, value_floats"
            )
            raise self.text.error("YML015", message, layer)
        ((key, item),) = layer.fields.items()
        if key not in ("value", "value_int", "value_float", "value_ints", "value_floats"):
            raise self.unknown(layer.keys[key], ["value", "value_ints", "value_floats"], layer.title)
        element = "float32" if "float" in key else "int64" if "int" in key else ""
        self.weights[layer.name] = self.attributes.literal(
            item, layer.name, element, f"'{key}' of {layer.title}"
        )

    def _standard(self, layer: Layer, ins: list[str]) -> None:
        sig = signature(layer.op_type, self.document.opset)
        assert sig is not None
        slots = [p.name for p in sig.inputs if not p.variadic]
        incoming: Fact | None = None
        if layer.op_type in IMPLIED or layer.op_type in SUGAR:
            incoming = self._incoming(ins)
        attrs = self._attributes(layer, sig, incoming, ins)
        constants = self._constants(layer, sig, ins)
        keys = self._shape_keys(layer)
        self._weights(layer, slots, ins, constants, keys, attrs, incoming)
        inputs = self._assemble(layer, sig, ins, constants)
        if layer.written == "SiLU":
            gate = self._node(layer, "Sigmoid", list(inputs), {}, "sigmoid")
            self._node(layer, "Mul", [inputs[0], gate], {})
            return
        self._node(layer, layer.op_type, inputs, attrs)

    def _attributes(
        self, layer: Layer, sig: Signature, incoming: Fact | None, ins: list[str]
    ) -> dict[str, Any]:
        """Attributes of the node, from ONNX names and short keys."""
        alias = ALIASES.get(layer.written)
        attrs: dict[str, Any] = {}
        sugar = SUGAR.get(layer.op_type, {})
        allowed = {"in", "init", "weights", *SHAPE_KEYS.get(layer.op_type, ()), *sugar}
        if alias is not None:
            attrs.update(alias.attributes)
            allowed |= set(alias.keys)
        for key, item in layer.fields.items():
            kind = sig.attributes.get(key)
            if kind is not None:
                attrs[key] = self.attributes.value(item, kind, key, f"'{key}' of {layer.title}", layer)
            elif key not in allowed and sig.slot(key) is None:
                known = [*sugar, *sig.attributes, *SHAPE_KEYS.get(layer.op_type, ())]
                known += [*(alias.keys if alias is not None else ()), *(p.name for p in sig.inputs)]
                raise self.unknown(
                    layer.keys[key], [*dict.fromkeys(known), "in", "init", "weights"], layer.title
                )
        if "kernel" in sugar:
            attrs.update(self.windows.window(layer, self.windows.axes(layer, self._rank(incoming, ins))))
        else:
            for short, onnx in sugar.items():
                if short in layer.fields and onnx[0] in sig.attributes:
                    kind = sig.attributes[onnx[0]]
                    what = f"'{short}' of {layer.title}"
                    attrs[onnx[0]] = self.attributes.value(layer.fields[short], kind, onnx[0], what, layer)
        self._check_alias(layer)
        if layer.written == "LayerNorm" and "normalized_shape" in layer.fields:
            shape = self._normalized(layer)
            attrs.setdefault("axis", -len(shape))
        return attrs

    def _check_alias(self, layer: Layer) -> None:
        if layer.op_type == "GlobalAveragePool" and layer.written != layer.op_type:
            item = layer.fields.get("output_size")
            sizes = () if item is None else self._normalized(layer, "output_size")
            if not sizes or set(sizes) != {1}:
                message = f"{layer.title} can only average everything: output_size must be 1"
                raise self.text.error("YML009", message, layer.key("output_size"))
        if layer.op_type == "Gelu" and self.document.opset < 20:
            message = f"{layer.title} needs opset 20, the model has {self.document.opset}"
            raise self.text.error("YML011", message, layer)

    def _normalized(self, layer: Layer, key: str = "normalized_shape") -> tuple[int, ...]:
        """An int or a list of ints as a tuple."""
        item, what = layer.fields[key], f"'{key}' of {layer.title}"
        value = getattr(item, "value", None)
        return (self.integer(item, what, 1),) if value is not None else self.integers(item, what, 1)

    def _shape_keys(self, layer: Layer) -> dict[str, Any]:
        """Values of the keys that decide weight shapes."""
        alias = ALIASES.get(layer.written)
        names = [*SHAPE_KEYS.get(layer.op_type, ()), *(alias.keys if alias is not None else ())]
        found: dict[str, Any] = {}
        for name in names:
            item = layer.fields.get(name)
            if item is None:
                continue
            what = f"'{name}' of {layer.title}"
            if name == "bias":
                found[name] = self.boolean(item, what)
            elif name == "normalized_shape":
                found[name] = self._normalized(layer)
            elif name != "output_size":
                found["out_channels" if name == "filters" else name] = self.integer(item, what, 1)
        return found

    def _constants(self, layer: Layer, sig: Signature, ins: list[str]) -> dict[str, str]:
        """Inputs that are written as numbers under their ONNX name, by slot."""
        found: dict[str, str] = {}
        taken = {*SHAPE_KEYS.get(layer.op_type, ()), *SUGAR.get(layer.op_type, {}), *sig.attributes}
        for p in sig.inputs:
            item = layer.fields.get(p.name)
            short = next((s for s, o in SUGAR.get(layer.op_type, {}).items() if p.name in o), "")
            item = (
                layer.fields.get(short) if item is None and short and p.name not in sig.attributes else item
            )
            if item is None or p.name in taken or p.variadic:
                continue
            element = p.element
            if element == "=":
                dtype = self._incoming(ins).dtype
                element = dtype if dtype is not None else "float32"
            name = f"{layer.name}.{p.name}"
            weight = self.attributes.literal(item, name, element, f"'{p.name}' of {layer.title}")
            weight.node = layer.name
            self.weights[name] = weight
            found[p.name] = name
        return found

    def _weights(
        self,
        layer: Layer,
        slots: list[str],
        ins: list[str],
        constants: dict[str, str],
        keys: dict[str, Any],
        attrs: dict[str, Any],
        incoming: Fact | None,
    ) -> None:
        """Add the weights of a layer to ``constants``: explicit, implied, or from the weights file."""
        explicit = self.stored.explicit(layer, slots)
        dtype = self._dtype(incoming)
        if explicit:
            for key in ("out_channels", "filters", "num_features", "normalized_shape", "num_channels"):
                if key in layer.fields:
                    message = f"{layer.title}: 'weights' and '{key}' both give the weights' shape"
                    raise self.text.error("YML012", message, layer.key(key), "keep one of them")
            for slot, given in explicit.items():
                constants[slot] = self._explicit(layer, slot, given, dtype)
        else:
            implied = IMPLIED.get(layer.op_type)
            request = Request(
                keys, attrs, None if incoming is None else incoming.shape, self.document.opset, layer.op_type
            )
            made = implied(request) if implied is not None and len(ins) == 1 else None
            if made is None and implied is not None and layer.op_type in ("LSTM", "GRU", "RNN"):
                made = implied(request)
            for weight in made or ():
                constants[weight.name] = self._implied(layer, weight, dtype)
            if made is None:
                self._from_file(layer, slots[len(ins) :], constants)
        self.stored.check_init(layer, [s for s in slots if s in constants])

    def _from_file(self, layer: Layer, slots: list[str], constants: dict[str, str]) -> None:
        for slot in slots:
            name = f"{layer.name}.{slot}"
            member = self.stored.stored(name, layer) if slot not in constants else None
            if member is not None:
                self.weights[name] = Weight(
                    name, member.dtype, member.shape, member, "yaml", layer.name, line=layer.line
                )
                constants[slot] = name

    def _dtype(self, incoming: Fact | None) -> str:
        dtype = None if incoming is None else incoming.dtype
        return dtype if dtype in FLOATS and dtype is not None else "float32"

    def _explicit(
        self, layer: Layer, slot: str, given: Explicit | None, dtype: str, *, transposed: bool = False
    ) -> str:
        name = f"{layer.name}.{slot}"
        if given is None:
            self.opened[name] = Fact(dtype)
        elif given.member is not None:
            self.weights[name] = self.stored.taken(layer, slot, given.member, transposed=transposed)
        else:
            self.weights[name] = self.stored.make(layer, slot, dtype, given.shape, transposed=transposed)
        return name

    def _implied(self, layer: Layer, weight: Implied, dtype: str, *, transposed: bool = False) -> str:
        name = f"{layer.name}.{weight.name}"
        shape = settled(weight.shape)
        if shape is not None:
            self.weights[name] = self.stored.make(layer, weight.name, dtype, shape, transposed=transposed)
            return name
        stored = self.stored.stored(name, layer)
        if stored is not None:
            self.weights[name] = self.stored.taken(layer, weight.name, stored, transposed=transposed)
            return name
        self._open(layer, name, weight, dtype, transposed=transposed)
        return name

    def _open(self, layer: Layer, name: str, weight: Implied, dtype: str, *, transposed: bool) -> None:
        """Leave a weight's shape open: it becomes an input, and the reason is noted once."""
        shape: tuple[Dim, ...] = weight.shape[::-1] if transposed else weight.shape
        self.opened[name] = Fact(dtype, shape)
        sound = self._shaper is None or self._shaper.sound
        if sound and not self.example and not any(p.code == "YML013" for p in self.problems):
            message = (
                f"{layer.title}: the shape of its weight '{weight.name}' stays open, {shape_text(shape)}"
            )
            hint = f"give '{weight.key}', or a size to the axis that decides it"
            self.problems.append(self.text.error("YML013", message, layer, hint))

    def _assemble(self, layer: Layer, sig: Signature, ins: list[str], constants: dict[str, str]) -> list[str]:
        """Inputs in ONNX order: named ones at their slot, the rest of ``in`` in between."""
        waiting = list(ins)
        inputs: list[str] = []
        for p in sig.inputs:
            if p.variadic:
                break
            if p.name in constants:
                inputs.append(constants[p.name])
            elif waiting:
                inputs.append(waiting.pop(0))
            elif p.optional:
                inputs.append("")
            elif self.example:
                name = f"{layer.name}.{p.name}"
                self.opened[name] = Fact()
                inputs.append(name)
            else:
                raise self._incomplete(layer, p.name, sig, constants)
        return inputs + waiting

    def _incomplete(self, layer: Layer, slot: str, sig: Signature, constants: dict[str, str]) -> LoadError:
        hint = "name it in 'in'"
        if layer.op_type in ("Conv", "ConvTranspose"):
            hint = "give out_channels and kernel, or weights: {W: [...]}"
        elif layer.op_type in IMPLIED and "hidden_size" in sig.attributes:
            hint = "give hidden_size, or weights: {W: [...], R: [...]}"
        elif sig.slot(slot):
            hint = (
                f"name it in 'in', write numbers as {slot}: [...], or a shape as weights: {{{slot}: [...]}}"
            )
        return self.text.error("YML015", f"{layer.title}: input '{slot}' is missing", layer, hint)

    def _linear(self, layer: Layer, ins: list[str]) -> None:
        """Y = X W^T + b: Gemm for a matrix, MatMul and Add for more axes or an unknown number of them."""
        self._check_keys(layer, ("in_features", "out_features", "bias"))
        incoming = self._incoming(ins)
        keys = self._shape_keys(layer)
        matrix = incoming.rank == 2
        dtype = self._dtype(incoming)
        explicit = self.stored.explicit(layer, ["W", "B"])
        names: dict[str, str] = {}
        for slot, given in explicit.items():
            if "out_features" in keys:
                message = f"{layer.title}: 'weights' and 'out_features' both give the weights' shape"
                raise self.text.error("YML012", message, layer.key("out_features"), "keep one of them")
            names[slot] = self._explicit(layer, slot, given, dtype, transposed=slot == "W" and not matrix)
        if not explicit and "out_features" in keys:
            request = Request(keys, {}, incoming.shape, self.document.opset, "Gemm")
            out = keys["out_features"]
            shape = (out, request.size("in_features", -1))
            names["W"] = self._implied(
                layer, Implied("W", shape, "in_features"), dtype, transposed=not matrix
            )
            if request.bias:
                names["B"] = self._implied(layer, Implied("B", (out,)), dtype)
        self.stored.check_init(layer, list(names))
        if "W" not in names:
            message = f"{layer.title}: 'out_features' is missing"
            raise self.text.error("YML015", message, layer, "write out_features: 10")
        bias = [names["B"]] if "B" in names else []
        if matrix:
            self._node(layer, "Gemm", [*ins, names["W"], *bias], {"transB": 1})
        elif bias:
            product = self._node(layer, "MatMul", [*ins, names["W"]], {}, "matmul")
            self._node(layer, "Add", [product, *bias], {})
        else:
            self._node(layer, "MatMul", [*ins, names["W"]], {})

    def _embedding(self, layer: Layer, ins: list[str]) -> None:
        """Rows of a table: Gather on axis 0."""
        self._check_keys(layer, ("num_embeddings", "embedding_dim"))
        keys = self._shape_keys(layer)
        explicit = self.stored.explicit(layer, ["W"])
        if "W" in explicit:
            table = self._explicit(layer, "W", explicit["W"], "float32")
        elif {"num_embeddings", "embedding_dim"} <= keys.keys():
            shape = (keys["num_embeddings"], keys["embedding_dim"])
            table = self._implied(layer, Implied("W", shape), "float32")
        else:
            message = f"{layer.title} needs 'num_embeddings' and 'embedding_dim'"
            raise self.text.error("YML015", message, layer)
        self.stored.check_init(layer, ["W"])
        self._node(layer, "Gather", [table, *ins], {"axis": 0})

    def _check_keys(self, layer: Layer, known: tuple[str, ...]) -> None:
        for key in layer.fields:
            if key not in (*known, "in", "init", "weights"):
                raise self.unknown(layer.keys[key], [*known, "in", "init", "weights"], layer.title)
