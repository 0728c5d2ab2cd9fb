from archlint.api import Analysis, Findings, LoadError, Node, rule
from archlint_rules.numbers.batchnorm import SCALE, stored

MOVES = {"Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"}
REACH = 6


@rule("NUM008", on="BatchNormalization", needs=("shapes", "weights"))
def batchnorm_dead_scale(norm: Node, analysis: Analysis, *, share: float = 0.0) -> Findings:
    """A batch normalization whose scale is exactly zero, so that a channel carries no signal.

    The channel is the constant B whatever the input is. It could be pruned with its filters;
    training that pulls scales to zero does this on purpose before pruning. ``share`` is the share of
    dead channels from which on the layer is told. A layer whose scales are all zero and that ends in
    a residual addition is left alone: that is how some networks are initialized.

    Source: https://arxiv.org/abs/1708.06519 (network slimming prunes channels by their scale)

    Bad:
        inputs: {x: [1, 2, 4, 4]}
        layers:
          - op: BatchNormalization
            weights: {scale: [2], B: [2], input_mean: [2], input_var: [2]}
            init: {scale: {values: [1.0, 0.0]}, input_var: {constant: 1.0}}
    Good:
        inputs: {x: [1, 2, 4, 4]}
        layers:
          - op: BatchNormalization
            weights: {scale: [2], B: [2], input_mean: [2], input_var: [2]}
            init: {scale: {values: [1.0, 0.5]}, input_var: {constant: 1.0}}
    """
    weight = stored(norm, analysis, SCALE)
    if weight is None:
        return
    try:
        zeros = weight.statistics().zeros
    except LoadError:
        return
    residual = zeros == weight.numel and _added(norm)
    if zeros and zeros >= share * weight.numel and not residual:
        yield norm.at(f"input {norm.input(1)}").says(
            f"scale is 0 for {zeros} of {weight.numel} channels, which are constant",
            hint="prune the channels together with the filters that feed them",
            zeros=zeros,
        )


def _added(norm: Node) -> bool:
    """True when an addition reads the layer's result, moved about at most."""
    here: Node | None = norm
    for _ in range(REACH):
        if here is None:
            return False
        readers = here.readers()
        if any(r.op_type == "Add" for r in readers):
            return True
        here = readers[0] if len(readers) == 1 and readers[0].op_type in MOVES else None
    return False
