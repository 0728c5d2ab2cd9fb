"""Which tensor an ``in`` or ``outputs`` entry means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.loaders.yaml_fields import Fields, shown
from archlint.loaders.yaml_operators import signature
from archlint.loaders.yaml_text import nearest
from archlint.loaders.yaml_tree import Item, Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from archlint.errors import LoadError
    from archlint.loaders.yaml_document import Document, Layer

MAX_OUTPUTS = 4096


class References(Fields):
    """The tensors of a document by name.

    Output 0 of a layer is called like the layer, output k ``layer:k``. An example may name
    tensors that nothing makes; a document may not.
    """

    def __init__(self, document: Document, *, example: bool) -> None:
        super().__init__(document.text)
        self.document = document
        self.example = example
        self.position: dict[str, int] = {}
        for i, layer in enumerate(document.layers):
            self.position.setdefault(layer.name, i)
        self.count: dict[str, int] = {}
        """Outputs that each layer must have, because something reads them."""
        self.invented: dict[str, None] = {}
        if example and not document.declares_inputs:
            self._invent()
        self.ins = [self._inputs(i, layer) for i, layer in enumerate(document.layers)]
        self.outs = self._outputs()

    def _invent(self) -> None:
        first = self.document.layers[0]
        sig = signature(first.op_type, self.document.opset) if not first.domain else None
        if "in" not in first.fields and (sig is None or sig.inputs):
            self.invented["x"] = None

    def _inputs(self, index: int, layer: Layer) -> list[str]:
        item = layer.fields.get("in")
        if item is None:
            return self._default(index, layer)
        entries = item.items if isinstance(item, Sequence) else [item]
        return [self._reference(i, index, layer) for i in entries]

    def _default(self, index: int, layer: Layer) -> list[str]:
        sig = signature(layer.op_type, self.document.opset) if not layer.domain else None
        if sig is not None and not sig.inputs:
            return []
        if index:
            return [self.document.layers[index - 1].name]
        given = [*self.document.inputs, *self.invented]
        if len(given) != 1 and not (self.example and given):
            what = "the model has no inputs" if not given else f"the model has {len(given)} inputs"
            message = f"{layer.title}: the first layer needs 'in', since {what}"
            hint = f"write in: {given[0]}" if given else "declare inputs: {x: [N, 3, H, W]}"
            raise self.text.error("YML006", message, layer, hint)
        return given[:1]

    def _reference(self, item: Item, index: int, layer: Layer) -> str:
        if isinstance(item, Scalar):
            if item.value is None and item.plain:
                return ""
            if isinstance(item.value, int) and not isinstance(item.value, bool) and item.plain:
                return self._relative(item, item.value, index, layer)
            if not isinstance(item.value, float):
                return self._named(item, index, layer.title)
        kind = "a constant" if not isinstance(item, Mapping) else "a mapping"
        message = f"{layer.title}: {kind} ({shown(item)}) cannot stand in 'in'"
        hint = "name a layer or an input; numbers go under the name of the ONNX input, such as shape: [0, -1]"
        raise self.text.error("YML006", message, item, hint)

    def _relative(self, item: Scalar, offset: int, index: int, layer: Layer) -> str:
        if offset >= 0:
            message = f"{layer.title}: 'in: {offset}' points nowhere"
            hint = "-1 is the layer before, -2 the one before that"
            raise self.text.error("YML006", message, item, hint)
        if index + offset < 0:
            message = (
                f"{layer.title}: 'in: {offset}' goes past the first layer ({index} come before this one)"
            )
            raise self.text.error("YML006", message, item)
        return self.document.layers[index + offset].name

    def _named(self, item: Scalar, index: int, title: str) -> str:
        """The tensor that ``item`` names, as seen from layer ``index``."""
        text = item.text
        if text in self.document.inputs or text in self.invented:
            return text
        found = self._split(text)
        if found is not None:
            name, output = found
            if self.position[name] < index or self.example:
                self.count[name] = max(self.count.get(name, 1), output + 1)
                return f"{name}:{output}" if output else name
        if self.example:
            if not self.document.declares_inputs:
                self.invented[text] = None
            return text
        raise self._missing(item, index, title, found)

    def _split(self, text: str) -> tuple[str, int] | None:
        """Layer and output number of ``name``, ``name:2`` or ``name.Y_h``."""
        if text in self.position:
            return text, 0
        name, _, number = text.rpartition(":")
        if name in self.position and number.isdecimal() and int(number[:6]) < MAX_OUTPUTS:
            return name, int(number[:6])
        name, _, output = text.rpartition(".")
        if name in self.position:
            layer = self.document.layers[self.position[name]]
            sig = signature(layer.op_type, self.document.opset) if not layer.domain else None
            if sig is not None and output in sig.outputs:
                return name, sig.outputs.index(output)
        return None

    def _missing(self, item: Scalar, index: int, title: str, found: tuple[str, int] | None) -> LoadError:
        layers = self.document.layers
        if found is not None:
            line = layers[self.position[found[0]]].line
            if self.position[found[0]] == index:
                message = f"{title}: input '{item.text}' is this layer itself"
                return self.text.error("YML006", message, item, "a model has no cycles")
            message = f"{title}: input '{item.text}' is not a layer before this point"
            hint = f"'{found[0]}' is defined later, at line {line}"
            return self.text.error("YML006", message, item, hint)
        known = [*self.document.inputs, *(layer.name for layer in layers[:index])]
        message = f"{title}: '{item.text[:60]}' is no layer before this point and no input"
        return self.text.error("YML006", message, item, nearest(item.text, known[-5000:]))

    def _outputs(self) -> dict[str, Item | None]:
        """Output tensors in order, each with the shape declared for it."""
        item = self.document.outputs
        if item is None:
            return {self.document.layers[-1].name: None}
        end = len(self.document.layers)
        if isinstance(item, Mapping):
            named = {self._named(item.keys[k], end, "'outputs'"): v for k, v in item.entries.items()}
            return {k: None if isinstance(v, Scalar) and v.value is None else v for k, v in named.items()}
        entries = item.items if isinstance(item, Sequence) else [item]
        found: dict[str, Item | None] = {}
        for entry in entries:
            if not isinstance(entry, Scalar) or entry.value is None:
                raise self.wrong(entry, "the name of a layer", "an output")
            found[self._named(entry, end, "'outputs'")] = None
        return found
