"""Layers to nodes: ONNX operators with their attributes, inputs and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.loaders.yaml_aliases import ALIASES, SHAPE_KEYS, SUGAR
from archlint.loaders.yaml_building import Building
from archlint.loaders.yaml_matrices import embedding, linear
from archlint.loaders.yaml_operators import Signature, signature
from archlint.loaders.yaml_shapes import IMPLIED, Request
from archlint.model import Fact, Graph, Model, Weight

if TYPE_CHECKING:
    from archlint.errors import LoadError
    from archlint.loaders.yaml_document import Layer


class Lowering(Building):
    """Builds the model of one document, layer by layer."""

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
            beside=self.stored.files,
            problems=[*self.stored.problems, *self.problems],
        )

    def _check_names(self) -> None:
        first: dict[str, Layer] = {}
        self._check_reserved()
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

    def _check_reserved(self) -> None:
        """Refuse a name that another layer gives to one of its weights, outputs or steps."""
        layers = {layer.name: layer for layer in self.document.layers}
        for name in (*self.document.inputs, *layers):
            for separator, what in ((".", "a weight"), (":", "an output"), ("/", "a step")):
                owner, _, own = name.rpartition(separator)
                if owner in layers and _gives(layers[owner], separator, own, self.document.opset):
                    message = f"'{name}' is what layer '{owner}' calls {what} of its own"
                    at = layers[name].key("name") if name in layers else layers[owner]
                    raise self.text.error("YML014", message, at, "choose another name")

    def _lower(self, layer: Layer, ins: list[str]) -> None:
        self._check_spellings(layer)
        if layer.domain:
            self.opsets.setdefault(layer.domain, 1)
            self._custom(layer, ins)
        elif layer.op_type == "Constant":
            self._constant(layer)
        elif layer.written == "Linear":
            linear(self, layer, ins)
        elif layer.written == "Embedding":
            embedding(self, layer, ins)
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

    def _custom(self, layer: Layer, ins: list[str]) -> None:
        """An operator outside ONNX: its attributes are taken as they are written."""
        attrs = {
            key: self.attributes.untyped(item, f"'{key}' of {layer.title}")
            for key, item in layer.fields.items()
            if key != "in"
        }
        self.node(layer, layer.op_type, ins, attrs)

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
            incoming = self.incoming(ins)
        attrs = self._attributes(layer, sig, incoming, ins)
        constants = self._constants(layer, sig, ins)
        keys = self.shape_keys(layer)
        self._weights(layer, slots, ins, constants, keys, attrs, incoming)
        inputs = self._assemble(layer, sig, ins, constants)
        if layer.written == "SiLU":
            gate = self.node(layer, "Sigmoid", list(inputs), {}, "sigmoid")
            self.node(layer, "Mul", [inputs[0], gate], {})
            return
        self.node(layer, layer.op_type, inputs, attrs)

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
            attrs.update(self.windows.window(layer, self.windows.axes(layer, self.rank(incoming, ins))))
        else:
            for short, onnx in sugar.items():
                if short in layer.fields and onnx[0] in sig.attributes:
                    kind = sig.attributes[onnx[0]]
                    what = f"'{short}' of {layer.title}"
                    attrs[onnx[0]] = self.attributes.value(layer.fields[short], kind, onnx[0], what, layer)
        self._check_alias(layer)
        if layer.written == "LayerNorm" and "normalized_shape" in layer.fields:
            shape = self.axes_of(layer)
            attrs.setdefault("axis", -len(shape))
        return attrs

    def _check_alias(self, layer: Layer) -> None:
        if layer.op_type == "GlobalAveragePool" and layer.written != layer.op_type:
            item = layer.fields.get("output_size")
            sizes = () if item is None else self.axes_of(layer, "output_size")
            if not sizes or set(sizes) != {1}:
                message = f"{layer.title} can only average everything: output_size must be 1"
                raise self.text.error("YML016", message, layer.key("output_size"))
        if layer.op_type == "Gelu" and self.document.opset < 20:
            message = f"{layer.title} needs opset 20, the model has {self.document.opset}"
            raise self.text.error("YML011", message, layer)

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
                dtype = self.incoming(ins).dtype
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
        dtype = self.weight_dtype(incoming)
        if explicit:
            for key in ("out_channels", "filters", "num_features", "normalized_shape", "num_channels"):
                if key in layer.fields:
                    message = f"{layer.title}: 'weights' and '{key}' both give the weights' shape"
                    raise self.text.error("YML012", message, layer.key(key), "keep one of them")
            for slot, given in explicit.items():
                constants[slot] = self.explicit(layer, slot, given, dtype)
        else:
            implied = IMPLIED.get(layer.op_type)
            request = Request(
                keys, attrs, None if incoming is None else incoming.shape, self.document.opset, layer.op_type
            )
            made = implied(request) if implied is not None and len(ins) == 1 else None
            if made is None and implied is not None and layer.op_type in ("LSTM", "GRU", "RNN"):
                made = implied(request)
            for weight in made or ():
                constants[weight.name] = self.implied(layer, weight, dtype)
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


def _gives(layer: Layer, separator: str, own: str, opset: int) -> bool:
    """True when ``layer`` may make a tensor called ``own`` behind its name and ``separator``."""
    if separator == ":":
        return own.isdecimal()
    if separator == "/":
        return own in ("matmul", "sigmoid")
    sig = signature(layer.op_type, opset) if not layer.domain else None
    return own in ("W", "B") or (sig is not None and sig.slot(own) is not None)
