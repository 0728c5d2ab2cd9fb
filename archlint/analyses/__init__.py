"""Analyses of a model: pure functions of the graph, memoised by `Analysis`."""

from archlint.analyses.analysis import Analysis
from archlint.analyses.scopes import Defect, Scope, Shapes, Step

__all__ = ["Analysis", "Defect", "Scope", "Shapes", "Step"]
