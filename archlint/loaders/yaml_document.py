"""The outline of a YAML model: its header, inputs, layers as written, and outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archlint.loaders.options import Limits
from archlint.loaders.yaml_aliases import ALIASES
from archlint.loaders.yaml_blocks import expanded
from archlint.loaders.yaml_fields import Fields
from archlint.loaders.yaml_operators import names, signature
from archlint.loaders.yaml_text import Mark, nearest
from archlint.loaders.yaml_tree import Item, Mapping, Scalar, Sequence, parse

if TYPE_CHECKING:
    from archlint.loaders.yaml_text import Text
    from archlint.model import Fact

FORMAT = 1
OPSET = 21
"""Opset of a document that names none."""

LATER_IN_LAYERS = ("if", "then_branch", "else_branch", "body", "layers")
KEYS = ("archlint", "name", "opset", "inputs", "layers", "outputs", "weights")
OUTPUT_FREE = ("op", "name", "in", "init", "weights")
"""Keys that every layer may have, whatever its operator."""


@dataclass(eq=False, slots=True)
class Layer:
    """One entry of ``layers``: its name, its operator as written, and the keys left over."""

    name: str
    written: str
    op_type: str
    domain: str
    line: int
    column: int
    fields: dict[str, Item] = field(default_factory=dict)
    keys: dict[str, Scalar] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """``layer 'conv1'``, as errors call it."""
        return f"layer '{self.name}'"

    def key(self, name: str) -> Scalar | Layer:
        """The place of a key, or of the layer."""
        return self.keys.get(name, self)


@dataclass(eq=False, slots=True)
class Document:
    """A YAML model before its layers are lowered to nodes."""

    text: Text
    name: str
    opsets: dict[str, int]
    inputs: dict[str, Fact]
    layers: list[Layer]
    outputs: Item | None
    weights: Item | None
    declares_inputs: bool = True

    @property
    def opset(self) -> int:
        """Version of ai.onnx."""
        return self.opsets[""]


def read_document(text: Text, limits: Limits | None = None, *, example: bool = False) -> Document:
    """The outline of ``text``; raises `LoadError`.

    An ``example`` needs no header, and may be a single layer or a list of layers.
    """
    root = parse(text, limits or Limits())
    if root is None or (isinstance(root, Scalar) and root.value is None):
        message = "the document is empty"
        raise text.error("YML005", message, Mark(1, 1), "a model starts with 'archlint: 1'")
    return _Outline(text, limits or Limits(), example=example).document(root)


class _Outline(Fields):
    def __init__(self, text: Text, limits: Limits, *, example: bool) -> None:
        super().__init__(text)
        self.limits = limits
        self.example = example

    def document(self, root: Item) -> Document:
        if self.example and not (isinstance(root, Mapping) and "layers" in root.entries):
            return self._layers_alone(root)
        mapping = self.mapping(root, "a model")
        self._header(mapping)
        mapping = expanded(mapping, self.text, self.limits)
        found = self.entries(mapping, KEYS, "model")
        if "layers" not in found:
            raise self.text.error("YML015", "the model has no 'layers'", mapping)
        opsets = self._opsets(found.get("opset"))
        declared = found.get("inputs")
        return Document(
            self.text,
            self.name(found["name"], "'name'") if "name" in found else "",
            opsets,
            self._inputs(declared) if declared is not None else {},
            self._layers(found["layers"], opsets[""]),
            found.get("outputs"),
            found.get("weights"),
            declared is not None,
        )

    def _layers_alone(self, root: Item) -> Document:
        layers = self._layers(root, OPSET) if isinstance(root, Sequence) else [self._layer(root, {}, OPSET)]
        return Document(
            self.text, "", {"": OPSET}, {}, self._named(layers), None, None, declares_inputs=False
        )

    def _header(self, mapping: Mapping) -> None:
        first = next(iter(mapping.entries), None)
        if self.example and "archlint" not in mapping.entries:
            return
        if first != "archlint":
            at = mapping.keys.get("archlint", mapping)
            message = "the first key of a model is 'archlint', the version of the format"
            raise self.text.error("YML005", message, at, "start the file with 'archlint: 1'")
        item = mapping.entries["archlint"]
        if not isinstance(item, Scalar) or item.value != FORMAT or isinstance(item.value, bool):
            raise self.text.error("YML005", f"format version must be {FORMAT}", item)

    def _opsets(self, item: Item | None) -> dict[str, int]:
        if item is None:
            return {"": OPSET}
        if isinstance(item, Mapping):
            found = {
                "" if k == "ai.onnx" else k: self.integer(v, f"opset of '{k[:60]}'", 1)
                for k, v in item.entries.items()
            }
            return {"": OPSET, **found}
        return {"": self.integer(item, "'opset'", 1)}

    def _inputs(self, item: Item) -> dict[str, Fact]:
        mapping = self.mapping(item, "'inputs'")
        for key in mapping.entries:
            self.name(mapping.keys[key], "an input")
        return {k: self.fact(v, f"input '{k}'") for k, v in mapping.entries.items()}

    def _layers(self, item: Item, opset: int) -> list[Layer]:
        counts: dict[str, int] = {}
        entries = self.items(item, "a list of layers", "'layers'")
        if not entries:
            raise self.text.error("YML015", "'layers' is empty", item)
        return self._named([self._layer(i, counts, opset) for i in entries])

    def _layer(self, item: Item, counts: dict[str, int], opset: int) -> Layer:
        if isinstance(item, Scalar):
            op_type, domain = self._operator(item, opset)
            return Layer("", item.text, op_type, domain, item.line, item.column)
        mapping = self.mapping(item, "a layer")
        for key in LATER_IN_LAYERS:
            if key in mapping.entries:
                raise self.later(mapping.keys[key], f"'{key}' in a layer")
        op = mapping.entries.get("op")
        if op is None:
            given = ", ".join(list(mapping.entries)[:5])
            message = f"a layer has no 'op' (it has {given})" if given else "a layer is empty"
            raise self.text.error("YML015", message, mapping, "write op: and an operator, such as Conv")
        op_type, domain = self._operator(op, opset)
        named = mapping.entries.get("name")
        name = self.name(named, "the name of a layer") if named is not None else ""
        rest = {k: v for k, v in mapping.entries.items() if k not in ("op", "name") and k[:2] != "x-"}
        written = op.text if isinstance(op, Scalar) else ""
        return Layer(name, written, op_type, domain, mapping.line, mapping.column, rest, mapping.keys)

    def _operator(self, item: Item, opset: int) -> tuple[str, str]:
        """ONNX type and domain of the operator that ``item`` names."""
        written = self.word(item, "'op'")
        domain, separator, op_type = written.rpartition("::")
        if separator and domain and op_type:
            if domain != "ai.onnx":
                return op_type, domain
            written = op_type
        alias = ALIASES.get(written)
        op_type = alias.op_type if alias is not None else written
        if signature(op_type, opset) is None:
            hint = nearest(written, [*ALIASES, *names()])
            guess = f"{hint} " if hint else ""
            hint = guess + "an operator outside ONNX is written domain::Name"
            raise self.text.error("YML011", f"no operator '{written[:60]}'", item, hint)
        return op_type, ""

    def _named(self, layers: list[Layer]) -> list[Layer]:
        """Gives nameless layers ``<op>_<n>``, past the names that the author took."""
        taken = {layer.name for layer in layers if layer.name}
        counts: dict[str, int] = {}
        for layer in layers:
            if layer.name:
                continue
            stem = layer.written.rpartition("::")[2].lower()
            counts[stem] = counts.get(stem, 0) + 1
            while f"{stem}_{counts[stem]}" in taken:
                counts[stem] += 1
            layer.name = f"{stem}_{counts[stem]}"
        return layers
