"""`Building`: a model under construction, and how a layer adds nodes and weights to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archlint.loaders.yaml_aliases import ALIASES, SHAPE_KEYS, Windows
from archlint.loaders.yaml_attributes import Attributes
from archlint.loaders.yaml_fields import Fields
from archlint.loaders.yaml_references import References
from archlint.loaders.yaml_shapes import Implied, settled
from archlint.loaders.yaml_weights import Explicit, Weights
from archlint.model import UNKNOWN, Fact, Node, Weight, shape_text
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


class Building(Fields):
    """The nodes, weights and problems of one document so far."""

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

    def incoming(self, ins: list[str]) -> Fact:
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

    def rank(self, incoming: Fact | None, ins: list[str]) -> int | None:
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

    def node(
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

    def axes_of(self, layer: Layer, key: str = "normalized_shape") -> tuple[int, ...]:
        """An int or a list of ints as a tuple."""
        item, what = layer.fields[key], f"'{key}' of {layer.title}"
        value = getattr(item, "value", None)
        return (self.integer(item, what, 1),) if value is not None else self.integers(item, what, 1)

    def shape_keys(self, layer: Layer) -> dict[str, Any]:
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
                found[name] = self.axes_of(layer)
            elif name != "output_size":
                found["out_channels" if name == "filters" else name] = self.integer(item, what, 1)
        return found

    def weight_dtype(self, incoming: Fact | None) -> str:
        dtype = None if incoming is None else incoming.dtype
        return dtype if dtype in FLOATS and dtype is not None else "float32"

    def explicit(
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

    def implied(self, layer: Layer, weight: Implied, dtype: str, *, transposed: bool = False) -> str:
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
