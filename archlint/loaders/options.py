"""`Options`: how much of a file may be read, and where reading stops."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

MiB = 1 << 20

Policy: TypeAlias = Literal["auto", "all", "none"]


def _limit(default: int, name: str, text: str, *, size: bool = False) -> int:
    """A limit, the name it has for users, and what it bounds; ``size`` when it counts bytes."""
    limit: int = field(default=default, metadata={"name": name, "text": text, "size": size})
    return limit


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes beyond which a file is refused with IO010 instead of being waited for.

    The one table of them: each field is an option ``--max-NAME`` of the command line and a key
    ``NAME`` of ``[limits]`` in a configuration file.
    """

    structure_bytes: int = _limit(
        512 * MiB, "bytes", "What is left of an ONNX file without its weights.", size=True
    )
    wire_fields: int = _limit(20_000_000, "fields", "Protobuf fields that are looked at one by one.")
    nodes: int = _limit(1_000_000, "nodes", "Nodes of a model, those of bodies and functions included.")
    nesting: int = _limit(32, "depth", "Bodies inside bodies, such as an If in a Loop.")
    rank: int = _limit(64, "rank", "Dimensions of one tensor.")
    symbol_length: int = _limit(128, "symbol", "Characters of a symbolic size; a longer one is unknown.")
    weight_bytes: int = _limit(
        256 * MiB, "weights", "Weight data that --weights auto reads of one model.", size=True
    )
    text_bytes: int = _limit(64 * MiB, "text", "An ONNX model written as text or JSON.", size=True)
    yaml_bytes: int = _limit(8 * MiB, "yaml", "A YAML file.", size=True)
    yaml_nesting: int = _limit(64, "yaml-depth", "Lists and mappings inside each other.")
    yaml_items: int = _limit(200_000, "yaml-items", "YAML values once aliases are expanded.")
    yaml_scalar: int = _limit(64 << 10, "yaml-scalar", "Characters of one YAML value.")
    memory: int = _limit(900 * MiB, "memory", "Memory that the analysis of one file may take.", size=True)


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
