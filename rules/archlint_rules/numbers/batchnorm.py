"""The stored parameters of a batch normalization, as its rules read them."""

from archlint.api import Analysis, LoadError, Node, Weight

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


def low_variances(
    norm: Node, analysis: Analysis, limit: float | None = None
) -> tuple[list[float], float] | None:
    """The stored variances, and epsilon, where one may be below ``limit`` (epsilon itself if None)."""
    epsilon, weight = norm.number("epsilon", 1e-5), stored(norm, analysis, VARIANCE)
    if weight is None or epsilon is None:
        return None
    try:
        seen = weight.statistics()
        least = epsilon if limit is None else limit
        if seen.minimum >= least and not (seen.nan or seen.inf or seen.sampled):
            return None
        return weight.array().reshape(-1).tolist(), epsilon
    except LoadError:
        return None
