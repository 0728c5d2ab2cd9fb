"""One class per operator: what it does to shapes, what it costs, which values it can give."""

from archlint.ops.collect import Registry, registry
from archlint.ops.cost import FREE, Cost
from archlint.ops.interval import ANY, Interval
from archlint.ops.operator import Operator, Signature, Walker, operator

__all__ = [
    "ANY",
    "FREE",
    "Cost",
    "Interval",
    "Operator",
    "Registry",
    "Signature",
    "Walker",
    "operator",
    "registry",
]
