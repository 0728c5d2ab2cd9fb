from archlint.api import Findings, Model, rule
from archlint_rules.performance.together import Said, together

KINDS = ("Reshape", "Flatten", "Squeeze", "Unsqueeze")


@rule("PRF011", on=Model, severity="info")
def reshape_chain(model: Model) -> Findings:
    """A Reshape of the result of another reshape that nothing else reads.

    Only the last one matters: the elements keep their order. (A target that copies sizes by zeros
    reads the shape between the two and is left alone.) One finding is given for each graph.

    Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ONNX_Runtime_Graph_Optimizations.md
    (Reshape Fusion)

    Bad:
        inputs: {x: [2, 3, 4]}
        layers:
          - {op: Reshape, shape: [6, 4]}
          - {op: Reshape, shape: [24]}
    Good:
        inputs: {x: [2, 3, 4]}
        layers:
          - {op: Reshape, shape: [24]}
    """
    for graph in model.graphs():
        found: list[Said] = []
        for node in graph.nodes:
            before = node.producer() if node.kind == "Reshape" else None
            if before is None or before.op_type not in KINDS or before.domain:
                continue
            target = graph.weight(node.input(1))
            values = target.small_values() if target is not None else None
            if before.sole_reader() is node and values is not None and 0 not in values:
                text = f"Reshape to {list(values)} follows {before.op_type} '{before.label}', which it makes needless"
                found.append((node.at(), text, f"reshape '{before.input(0)}' directly"))
        yield from together(found)
