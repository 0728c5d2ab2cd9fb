"""The weights of a layer: written out, implied by its keys, or stored in a file beside the model."""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import isfinite, prod
from typing import TYPE_CHECKING, Any

from archlint.errors import LoadError
from archlint.loaders.yaml_archive import Archive, Member
from archlint.loaders.yaml_fields import Fields
from archlint.loaders.yaml_init import (
    GATES,
    Constant,
    Filling,
    Initialised,
    Listed,
    Normal,
    Part,
    Stored,
    Transposed,
    Unfilled,
    Uniform,
    Xavier,
)
from archlint.loaders.yaml_tree import Item, Mapping, Scalar, Sequence
from archlint.model import Weight

if TYPE_CHECKING:
    from archlint.loaders.yaml_document import Layer
    from archlint.loaders.yaml_text import Marked, Text
    from archlint.model import Source

MAX_LISTED = 4096
MAX_SEED = 1 << 63

_ONES = ("scale", "Scale", "var", "input_var")
_ZEROS = ("B", "bias", "P")
_SHORT = {"b": "B", "U": "R"}


@dataclass(frozen=True, slots=True)
class Explicit:
    """A weight that a layer writes out: a shape, or a tensor of a file."""

    shape: tuple[int, ...]
    member: Member | None
    line: int


class Weights(Fields):
    """Makes the weights of one document."""

    def __init__(self, text: Text, folder: str, file: Item | None) -> None:
        super().__init__(text)
        self.folder = folder
        self.problems: list[LoadError] = []
        self._archives: dict[str, Archive | None] = {}
        self.file: Archive | None = None
        if file is not None:
            self.file = self._archive(file)

    @property
    def files(self) -> tuple[str, ...]:
        """The weights files that the document names."""
        return tuple(os.path.join(self.folder, name) for name in sorted(self._archives))

    def _archive(self, item: Item) -> Archive | None:
        """The archive that ``item`` names; a missing one is a problem, noted once."""
        name = self.word(item, "a weights file")
        if name not in self._archives:
            self._archives[name] = None
            if not name.endswith(".npz"):
                raise self.text.error("YML008", f"weights file '{name[:60]}' is no .npz file", item)
            try:
                self._archives[name] = Archive(self.folder, name)
            except LoadError as error:
                problem = self.text.error(error.code, error.message, item, error.help)
                problem.notes = ("shape and cost checks go on; weight rules skipped",)
                self.problems.append(problem)
        return self._archives[name]

    def _member(self, archive: Archive, key: str, at: Marked) -> Member | None:
        try:
            return archive.get(key)
        except LoadError as error:
            raise self.text.error(error.code, error.message, at) from None

    def stored(self, name: str, at: Marked) -> Member | None:
        """The tensor ``name`` of the model's weights file."""
        return self._member(self.file, name, at) if self.file is not None else None

    def explicit(self, layer: Layer, slots: list[str]) -> dict[str, Explicit | None]:
        """What ``weights:`` of a layer gives, by slot; None for a tensor that could not be read."""
        item = layer.fields.get("weights")
        if item is None:
            return {}
        what = f"'weights' of {layer.title}"
        mapping = self.mapping(item, what)
        if "file" in mapping.entries:
            return self._from_file(mapping, layer, slots)
        found: dict[str, Explicit | None] = {}
        for key, value in mapping.entries.items():
            slot = self._slot(key, mapping.keys[key], slots, what)
            found[slot] = Explicit(self.sizes(value, f"the shape of '{key}'"), None, value.line)
        return found

    def _from_file(self, mapping: Mapping, layer: Layer, slots: list[str]) -> dict[str, Explicit | None]:
        what = f"'weights' of {layer.title}"
        entries = self.entries(mapping, ("file", "keys"), what)
        archive = self._archive(entries["file"])
        keys: dict[str, Item] = {}
        if "keys" in entries:
            named = self.mapping(entries["keys"], f"'keys' of {layer.title}")
            keys = {self._slot(k, named.keys[k], slots, what): v for k, v in named.entries.items()}
        elif archive is not None:
            names = {slot: f"{layer.name}.{slot}" for slot in slots}
            marks = mapping.keys["file"]
            keys = {
                s: Scalar(marks.line, marks.column, n, n, plain=True)
                for s, n in names.items()
                if self._member(archive, n, marks)
            }
        found: dict[str, Explicit | None] = {}
        for slot, value in keys.items():
            key = self.word(value, f"the key of '{slot}'")
            member = self._member(archive, key, value) if archive is not None else None
            if archive is not None and member is None:
                message = f"'{archive.name}' has no tensor '{key[:60]}'"
                raise self.text.error("YML008", message, value, f"it has {', '.join(archive.keys[:10])}")
            found[slot] = Explicit(member.shape, member, value.line) if member is not None else None
        return found

    def _slot(self, key: str, at: Scalar, slots: list[str], what: str) -> str:
        for name in (key, _SHORT.get(key, key)):
            if name in slots:
                return name
        raise self.unknown(at, slots, what)

    def make(
        self, layer: Layer, slot: str, dtype: str, shape: tuple[int, ...], *, transposed: bool = False
    ) -> Weight:
        """A weight of known shape, with the numbers that ``init`` or the weights file gives."""
        name = f"{layer.name}.{slot}"
        stored = None if self._described(layer, slot) else self.stored(name, layer)
        if stored is not None:
            if stored.shape != shape:
                has = f"the weights file has {list(stored.shape)}"
                message = f"{layer.title} needs '{name}' of shape {list(shape)}, {has}"
                raise self.text.error("YML008", message, layer)
            dtype = stored.dtype
        source: Source
        if stored is not None:
            source = stored
        elif "init" in layer.fields:
            source = self._source(layer, slot, shape)
        else:
            source = Unfilled()
        if transposed:
            source, shape = Transposed(source), shape[::-1]
        return Weight(name, dtype, shape, source, "yaml", layer.name, line=layer.line)

    def taken(self, layer: Layer, slot: str, member: Member, *, transposed: bool = False) -> Weight:
        """A weight that is a tensor of a file, in the shape it has there."""
        name, source = f"{layer.name}.{slot}", member
        if transposed:
            shape = member.shape[::-1]
            return Weight(name, member.dtype, shape, Transposed(source), "yaml", layer.name, line=layer.line)
        return Weight(name, member.dtype, member.shape, source, "yaml", layer.name, line=layer.line)

    def _described(self, layer: Layer, slot: str) -> bool:
        item = layer.fields.get("init")
        keys = item.entries if isinstance(item, Mapping) else {}
        return any(_SHORT.get(k.partition("_")[0], k.partition("_")[0]) == slot or k == slot for k in keys)

    def check_init(self, layer: Layer, slots: list[str]) -> None:
        """Raise for an ``init`` key that names none of ``slots``."""
        item = layer.fields.get("init")
        if item is None:
            return
        what = f"'init' of {layer.title}"
        mapping = self.mapping(item, what)
        known = [*slots, *(short for short, long in _SHORT.items() if long in slots)]
        for gate in GATES.get(layer.op_type, ""):
            known += [f"{s}_{gate}" for s in ("W", "R", "U", "b", "B", "P") if _SHORT.get(s, s) in slots]
        for key, at in mapping.keys.items():
            if key not in known and not key.startswith("x-"):
                raise self.unknown(at, known, what)

    def _source(self, layer: Layer, slot: str, shape: tuple[int, ...]) -> Initialised:
        """The numbers of ``slot``; a weight that ``init`` does not name gets the usual start."""
        entries = self.mapping(layer.fields["init"], f"'init' of {layer.title}").entries
        whole: Filling | None = None
        parts: list[Part] = []
        gates = GATES.get(layer.op_type, "")
        count = len(gates) * (2 if slot == "B" else 1)
        rows = shape[1] // count if gates and len(shape) > 1 else 0
        for key, item in entries.items():
            stem, _, gate = key.partition("_")
            if key in (slot, *(s for s, long in _SHORT.items() if long == slot)):
                whole = self._filling(item, f"{layer.name}.{key}", prod(shape))
            elif gate and gate in gates and _SHORT.get(stem, stem) == slot and rows:
                at = self._gate(layer, gate, slot)
                size = shape[0] * rows * prod(shape[2:])
                name = f"{layer.name}.{slot}_{gate}"
                filling = self._filling(item, f"{layer.name}.{key}", size)
                parts.append(Part(name, at * rows, (at + 1) * rows, filling))
                if slot == "B":
                    # b_f is the sum of both biases: all of it goes to the input's half
                    again = (at + len(gates)) * rows
                    parts.append(Part(name, again, again + rows, Constant(0.0)))
        if whole is None:
            whole = _usual(slot, shape)
        return Initialised(whole, tuple(parts), _fans(layer.op_type, shape))

    def _gate(self, layer: Layer, gate: str, slot: str) -> int:
        # peepholes come for i, o and f alone
        order = "iof" if slot == "P" else GATES[layer.op_type]
        if gate not in order:
            message = f"{layer.title}: gate '{gate}' has no {slot}"
            raise self.text.error("YML003", message, layer.key("init"), f"its gates are {', '.join(order)}")
        return order.index(gate)

    def _filling(self, item: Item, what: str, count: int) -> Filling:
        what = f"init of '{what}'"
        if isinstance(item, Scalar) and isinstance(item.value, str):
            if item.value.endswith(".npz"):
                return self._file(item, None, what)
            return self._distribution(item.value, None, item, what, count)
        if isinstance(item, Scalar):
            return Constant(self.number(item, what))
        if isinstance(item, Sequence):
            return self._listed(item, what, count)
        entries = self.entries(item, (*_DISTRIBUTIONS, "values", "file", "key"), what)
        if "file" in entries:
            return self._file(entries["file"], entries.get("key"), what)
        if len(entries) != 1:
            raise self.wrong(item, f"one of {', '.join(_DISTRIBUTIONS)}, values or file", what)
        ((kind, value),) = entries.items()
        return self._distribution(kind, value, value, what, count)

    def _distribution(self, kind: str, value: Item | None, at: Item, what: str, count: int) -> Filling:
        if kind == "values" and value is not None:
            return self._listed(value, what, count)
        if kind == "constant" and value is not None:
            return Constant(self.number(value, what))
        if kind == "zeros":
            return Constant(0.0)
        if kind == "ones":
            return Constant(1.0)
        names = _DISTRIBUTIONS.get(kind)
        if not names:
            raise self.wrong(at, f"a number or one of {', '.join(_DISTRIBUTIONS)}", what)
        entries = self.entries(value, names, what) if isinstance(value, Mapping) else {}
        given: dict[str, Any] = {
            k: self.number(v, f"'{k}' of {what}") for k, v in entries.items() if k != "seed"
        }
        if "seed" in entries:
            given["seed"] = self.integer(entries["seed"], f"'seed' of {what}", 0)
        for key, number in given.items():
            if not isfinite(number):
                raise self.wrong(entries[key], "a finite number", f"'{key}' of {what}")
        if kind == "xavier":
            return Xavier(**given)
        if kind == "normal":
            if given.get("std", 1.0) < 0:
                raise self.wrong(entries["std"], "at least 0", f"'std' of {what}")
            return Normal(**given)
        found = Uniform(**given)
        if found.low > found.high or not isfinite(found.high - found.low):
            message = f"{what}: 'low' is {found.low:g} and 'high' is {found.high:g}"
            raise self.text.error(
                "YML002", message, at, "low must not be above high; they default to -1 and 1"
            )
        return found

    def _listed(self, item: Item, what: str, count: int) -> Listed:
        values: list[float] = []
        stack = [item]
        while stack:
            top = stack.pop()
            if isinstance(top, Sequence):
                stack += reversed(top.items)
            else:
                values.append(self.number(top, what))
            if len(values) > MAX_LISTED:
                message = f"{what} lists more than {MAX_LISTED:,} numbers"
                raise self.text.error("YML010", message, item, "store them in a .npz file")
        if len(values) != count:
            message = f"{what} lists {len(values)} numbers for {count} elements"
            raise self.text.error("YML008", message, item)
        return Listed(tuple(values))

    def _file(self, item: Item, key: Item | None, what: str) -> Filling:
        archive = self._archive(item)
        name = self.word(key, f"'key' of {what}") if key is not None else what.split("'")[1]
        member = self._member(archive, name, key or item) if archive is not None else None
        if archive is not None and member is None:
            message = f"'{archive.name}' has no tensor '{name[:60]}'"
            raise self.text.error("YML008", message, key or item, f"it has {', '.join(archive.keys[:10])}")
        return Stored(member if member is not None else _Missing(item))


class _Missing:
    """A member of an archive that could not be opened."""

    def __init__(self, item: Item) -> None:
        self.line = item.line

    def load(self, name: str) -> Any:
        raise LoadError("IO007", f"weight '{name}': its file could not be read", line=self.line)


_DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "constant": (),
    "normal": ("mean", "std", "seed"),
    "uniform": ("low", "high", "seed"),
    "xavier": ("seed",),
    "zeros": (),
    "ones": (),
}


def _usual(slot: str, shape: tuple[int, ...]) -> Filling:
    """Where training usually starts: scales at one, biases at zero, matrices drawn."""
    if slot in _ONES:
        return Constant(1.0)
    return Constant(0.0) if slot in _ZEROS or len(shape) < 2 else Xavier()


def _fans(op_type: str, shape: tuple[int, ...]) -> tuple[int, int]:
    """Inputs and outputs of one unit of a weight of ``shape``."""
    if op_type in GATES and len(shape) == 3:
        return shape[2], shape[1] // len(GATES[op_type])
    if len(shape) < 2:
        return 1, 1
    window = prod(shape[2:])
    return shape[1] * window, shape[0] * window
