"""Recurrent cells: where their gates can be, which are stuck, and what it does to memory and gradient."""

from archlint.analyses.recurrent.cell import Drive, Recurrence
from archlint.analyses.recurrent.result import Cell, InputRange, Recurrent, listed
from archlint.analyses.recurrent.verdicts import Gate, Tiers

__all__ = ["Cell", "Drive", "Gate", "InputRange", "Recurrence", "Recurrent", "Tiers", "listed"]
