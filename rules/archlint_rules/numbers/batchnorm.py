"""The stored parameters of a batch normalization, as its rules read them."""

from archlint.api import Analysis, Node, Weight

SCALE, VARIANCE = 1, 4


def stored(norm: Node, analysis: Analysis, slot: int) -> Weight | None:
    """The weight behind input ``slot``; None where it is computed, empty, or not used.

    A layer in training mode uses the statistics of the batch.
    """
    facts = analysis.shapes.inputs(norm)
    fact = facts[slot] if len(facts) > slot else None
    weight = fact.weight if fact is not None else None
    if weight is None or not weight.numel or norm.integer("training_mode", 0):
        return None
    return weight
