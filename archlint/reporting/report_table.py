"""The report for people: one row a layer, totals, what was not counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.model import shape_text
from archlint.symbolic import Expr

if TYPE_CHECKING:
    from rich.console import RenderableType

    from archlint.analyses import Analysis
    from archlint.symbolic import Dim


def number(value: Dim | None) -> str:
    """A count with thousands separators, a formula, or ``?``."""
    if value is None:
        return "?"
    return str(value) if isinstance(value, Expr) else f"{value:,}"
