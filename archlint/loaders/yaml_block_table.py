"""The blocks that a YAML model declares: what each reads, takes and consists of; none uses itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archlint.loaders.yaml_fields import Fields
from archlint.loaders.yaml_tree import Item, Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from archlint.loaders.yaml_text import Text

MAX_DEPTH = 64
"""Blocks inside each other."""
KEYS = ("args", "in", "layers", "out")


@dataclass(eq=False, slots=True)
class Block:
    """A named list of layers: the defaults of its arguments, the names of its inputs, what it gives."""

    name: str
    arguments: dict[str, Item]
    inputs: list[str]
    layers: list[Item]
    out: list[Item]
    place: Mapping


class BlockTable(Fields):
    """Reads the blocks of one document."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.blocks: dict[str, Block] = {}

    def declare(self, mapping: Mapping) -> None:
        """Take over what stands under ``blocks``; raises `LoadError`."""
        for name, item in mapping.entries.items():
            if name.startswith("x-"):
                continue
            self.identifier(mapping.keys[name], "a block")
            what = f"block '{name}'"
            found = self.entries(item, KEYS, what)
            if "layers" not in found:
                raise self.text.error("YML015", f"{what} has no 'layers'", item)
            arguments = self.mapping(found["args"], f"'args' of {what}").entries if "args" in found else {}
            inputs = ["x"]
            if "in" in found:
                inputs = [self.name(i, f"an input of {what}") for i in listed(found["in"])]
            layers = self.items(found["layers"], "a list of layers", f"'layers' of {what}")
            if not layers:
                raise self.text.error("YML015", f"'layers' of {what} is empty", found["layers"])
            out = listed(found["out"]) if "out" in found else []
            assert isinstance(item, Mapping)
            self.blocks[name] = Block(name, dict(arguments), inputs, layers, out, item)
        self._check_circles()

    def _check_circles(self) -> None:
        """Refuse blocks that use each other, and those that are nested too deeply."""
        done: dict[str, int] = {}
        for first in self.blocks:
            trail: list[tuple[str, list[Scalar]]] = [(first, self._uses(first))]
            while trail:
                name, uses = trail[-1]
                if not uses or name in done:
                    trail.pop()
                    below = [done.get(u.text, 0) for u in self._uses(name)]
                    done[name] = 1 + max(below, default=0)
                    continue
                use = uses.pop()
                way = [n for n, _ in trail]
                if use.text in way:
                    ring = way[way.index(use.text) :]
                    chain = " -> ".join(f"'{n}'" for n in [*ring, use.text])
                    message = f"blocks {chain} use each other" if ring[1:] else f"block '{name}' uses itself"
                    raise self.text.error("YML010", message, use)
                if use.text in self.blocks:
                    trail.append((use.text, self._uses(use.text)))
            if done[first] > MAX_DEPTH:
                message = f"blocks are nested more than {MAX_DEPTH} deep"
                raise self.text.error("YML010", message, self.blocks[first].place)

    def _uses(self, name: str) -> list[Scalar]:
        """Where a block uses others, the first one last."""
        layers = [i.entries.get("use") for i in self.blocks[name].layers if isinstance(i, Mapping)]
        return [u for u in reversed(layers) if isinstance(u, Scalar)]

    def identifier(self, key: Scalar, what: str) -> None:
        """Refuse a name that ``$`` could not be put before."""
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key.text):
            message = f"{what} is called '{key.text[:60]}': names have letters, digits and _"
            raise self.text.error("YML002", message, key)


def listed(item: Item) -> list[Item]:
    """The items of a list, or the one that stands in its place."""
    return item.items if isinstance(item, Sequence) else [item]
