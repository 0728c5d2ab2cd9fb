from archlint.api import Findings, Model, Node, rule
from archlint_rules.portability.targets import targets as known


@rule("PRT008", on=Model, severity="warning")
def operator_beyond_target(model: Model, *, targets: tuple[str, ...] = ()) -> Findings:
    """An operator that a target does not list as supported.

    The node falls back to a slower device or makes the conversion fail. The tables age: a newer
    version of the target may have learnt it. ``targets`` names the targets; without them the rule is
    silent. One finding for each operator.

    Source: https://github.com/onnx/onnx-tensorrt/blob/8.4-GA/docs/operators.md,
    https://onnxruntime.ai/docs/execution-providers/CoreML-ExecutionProvider.html

    Example: built in the tests
    """
    for goal in known(targets):
        if goal.operators is None:
            continue
        found: dict[str, list[Node]] = {}
        for graph in model.graphs():
            for node in graph.nodes:
                local = (node.domain, node.op_type, node.overload) in model.functions
                if not local and (node.domain or node.op_type not in goal.operators):
                    found.setdefault(node.kind, []).append(node)
        for kind, nodes in found.items():
            more = f" ({len(nodes)} nodes)" if len(nodes) > 1 else ""
            yield nodes[0].at().says(f"{goal.name} does not list {kind}{more}", source=goal.source)
