from collections import Counter
from collections.abc import Hashable

from archlint.api import Analysis, Findings, Model, Node, Step, rule


@rule("PRF005", on=Model, severity="info", needs=("shapes",))
def duplicate_node(model: Model, analysis: Analysis) -> Findings:
    """Two nodes that compute the same from the same inputs.

    The second one is work done twice. Random operators, operators with bodies and the arithmetic on
    shapes, which costs nothing, are left alone.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (a graph is free of side effects, so equal nodes give
    equal results)

    Bad:
        inputs: {x: [1, 4]}
        layers:
          - {name: a, op: Sigmoid, in: x}
          - {name: b, op: Sigmoid, in: x}
          - {op: Mul, in: [a, b]}
    Good:
        inputs: {x: [1, 4]}
        layers:
          - {name: a, op: Sigmoid, in: x}
          - {op: Mul, in: [a, a]}
    """
    for scope in analysis.shapes.scopes:
        first: dict[Hashable, Node] = {}
        told: dict[int, tuple[Node, list[Node]]] = {}
        calls = Counter((step.node.op_type, step.node.inputs) for step in scope.steps)
        for step in scope.steps if len(calls) < len(scope.steps) else ():
            key = _key(step) if calls[step.node.op_type, step.node.inputs] > 1 else None
            if key is None:
                continue
            other = first.setdefault(key, step.node)
            if other is not step.node:
                told.setdefault(id(other), (other, []))[1].append(step.node)
        for node, copies in told.values():
            names = ", ".join(f"'{n.label}'" for n in copies[:5]) + (", ..." if len(copies) > 5 else "")
            yield (
                copies[0]
                .at()
                .says(
                    f"{node.op_type} {names} computes what '{node.label}' has computed already",
                    hint=f"read '{node.output(0)}' instead",
                    copies=len(copies),
                )
            )


def _key(step: Step) -> Hashable | None:
    """What decides the node's result; None for a node that is not compared."""
    node, operator = step.node, step.operator
    if operator is None or not operator.deterministic or step.children or not step.outs:
        return None
    if all(f.constant for f in step.outs) or any(f.content is not None for f in step.outs):
        return None
    if any(f.dtype in {"int64", "int32", "bool"} for f in step.outs):
        return None
    attributes = []
    for name, value in sorted(node.attrs.items()):
        if not isinstance(value, (int, float, str, bytes, tuple)):
            return None
        attributes.append((name, value))
    return node.kind, node.inputs, tuple(attributes), len(node.outputs)
