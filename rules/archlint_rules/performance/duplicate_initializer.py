from archlint.api import Findings, LoadError, Model, Weight, rule


@rule("PRF007", on=Model, severity="info", needs=("weights",), fixable=True)
def duplicate_initializer(model: Model, *, at_least: int = 4096) -> Findings:
    """A large tensor that is stored twice.

    Weights that the network shares became copies: the file and the memory grow for nothing, and one
    copy may be updated without the other. ``at_least`` is the number of bytes from which on copies
    are told.

    Source: https://github.com/pytorch/pytorch/issues/108342 (tied weights stored twice by an export)

    Example: built in the tests
    """
    groups: dict[object, list[Weight]] = {}
    places = {}
    for graph in model.graphs():
        for weight in graph.weights.values():
            if (weight.nbytes or 0) < at_least:
                continue
            try:
                seen = weight.statistics()
            except LoadError:
                continue
            if seen.minimum != seen.maximum or seen.nan or seen.inf:
                groups.setdefault((weight.dtype, weight.shape, seen), []).append(weight)
                places[id(weight)] = graph
    for alike in groups.values():
        if len(alike) < 2:
            continue
        first: dict[bytes, Weight] = {}
        for weight in alike:
            other = first.setdefault(weight.digest(), weight)
            if other is not weight:
                yield (
                    places[id(weight)]
                    .at(f"initializer {weight.name}")
                    .says(
                        f"initializer '{weight.name}' ({weight.dtype} {list(weight.shape)}, {weight.nbytes:,} bytes) "
                        f"is a copy of '{other.name}'",
                        hint=f"read '{other.name}' in its place",
                        bytes=weight.nbytes,
                    )
                )
