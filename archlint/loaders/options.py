"""`Options`: how much of a file may be read, and where reading stops."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

MiB = 1 << 20

Policy: TypeAlias = Literal["auto", "all", "none"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes beyond which a file is refused with IO010 instead of being waited for.

    ``structure_bytes`` is what remains of an ONNX file without its weights, ``wire_fields`` the
    protobuf fields that are looked at one by one, ``nesting`` the depth of bodies in bodies,
    ``text_bytes`` the size of a model written as text.
    """

    structure_bytes: int = 512 * MiB
    wire_fields: int = 20_000_000
    nodes: int = 1_000_000
    nesting: int = 32
    rank: int = 64
    symbol_length: int = 128
    text_bytes: int = 64 * MiB
    yaml_bytes: int = 8 * MiB
    weight_bytes: int = 256 * MiB
    """Weight data that policy ``auto`` reads of one model."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is loaded.

    ``weights`` says how much of the numbers may be read: ``auto`` up to ``limits.weight_bytes`` and
    samples beyond, ``all`` everything, ``none`` nothing that lies outside the structure.
    ``hard_links`` allows external data in a file that has a second name.
    """

    weights: Policy = "auto"
    limits: Limits = field(default_factory=Limits)
    hard_links: bool = False
