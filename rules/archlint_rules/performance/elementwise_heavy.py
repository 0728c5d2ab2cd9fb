from archlint.api import Analysis, Findings, Model, rule
from archlint_rules.performance.traffic import traffic

ELEMENTWISE = {
    "Add", "Sub", "Mul", "Div", "Pow", "Sqrt", "Exp", "Log", "Erf", "Relu", "LeakyRelu", "PRelu", "Elu", "Selu",
    "Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "Clip", "Softplus", "Gelu", "Max", "Min", "Sum", "Where",
    "BatchNormalization", "Cast", "Neg", "Abs", "Mish",
}  # fmt: skip


@rule("PRF016", on=Model, severity="info", needs=("shapes",), default=False)
def elementwise_heavy(model: Model, analysis: Analysis, *, share: float = 0.5) -> Findings:
    """A model that spends much of its memory traffic on element-wise operators.

    They compute little on what they read and write; each one that is not fused with the layer before it
    costs a pass over the tensor. ``share`` is the part of all bytes from which on the model is told.
    A runtime that fuses them moves less; only tensors of fixed size are counted.

    Source: https://arxiv.org/abs/1807.11164 (guideline 4: element-wise operations are non-negligible)

    Bad:
        inputs: {x: [1, 8, 16, 16]}
        layers:
          - {op: Conv, weights: {W: [8, 8, 1, 1]}}
          - {op: Sigmoid}
          - {op: Relu}
          - {op: Tanh}
    Good:
        inputs: {x: [1, 8, 16, 16]}
        layers:
          - {op: Conv, weights: {W: [8, 8, 1, 1]}}
          - {op: Conv, weights: {W: [8, 8, 1, 1]}}
          - {op: Relu}
    """
    light = heavy = 0
    for step in analysis.shapes.main.steps:
        moved = traffic(step)
        if moved is not None and not step.node.domain and step.node.op_type in ELEMENTWISE:
            light += moved
        elif moved is not None:
            heavy += moved
    if light and light >= share * (light + heavy):
        yield model.graph.at().says(
            f"element-wise operators move {light:,} of {light + heavy:,} bytes "
            f"({100 * light / (light + heavy):.0f} %)",
            hint="fold normalizations and scales into the layers before them",
            bytes=light,
        )
