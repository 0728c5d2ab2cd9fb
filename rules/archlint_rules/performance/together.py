"""Findings of one kind that would fill a page, told as one."""

from collections.abc import Sequence
from typing import TypeAlias

from archlint.api import Findings, Place

Said: TypeAlias = tuple[Place, str, str]
"""A place, what is the matter there, and what to do about it."""


def together(found: Sequence[Said]) -> Findings:
    """The first one with the number of the others; all places are in its data, for --fix."""
    if found:
        place, text, hint = found[0]
        more = f" (and {len(found) - 1} more nodes like it)" if len(found) > 1 else ""
        places = [(p.node.label, p.subject) for p, _, _ in found if p.node is not None]
        yield place.says(text + more, hint=hint, nodes=len(found), places=places)
