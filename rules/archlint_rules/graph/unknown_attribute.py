from difflib import get_close_matches

from archlint.api import Findings, Model, rule
from archlint_rules.graph.operators import in_force
from archlint_rules.graph.opsets import opsets_of


@rule("GRF014", on=Model, severity="error")
def unknown_attribute(model: Model) -> Findings:
    """A node with an attribute its operator does not have, or without one that it needs.

    Attributes come and go between opsets: ``axes`` of Squeeze is an input since opset 13. A runtime
    refuses the node. An attribute of an operator outside the standard domains is not judged.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (the set of attributes satisfies the signature)

    Example: built in the tests
    """
    for graph, opsets in opsets_of(model):
        right: set[tuple[str, ...]] = set()
        for node in graph.nodes:
            call = (node.domain, node.op_type, node.overload, *node.attrs)
            if call in right:
                continue
            if (node.domain, node.op_type, node.overload) in model.functions:
                continue
            row = in_force(node.domain, node.op_type, opsets.get(node.domain, 0))
            if row is None or row[1] is None:
                continue
            names = row[1].split()
            known = [name.rstrip("!") for name in names]
            for given in node.attrs:
                if given not in known:
                    close = get_close_matches(given, known, 1, 0.6)
                    hint = f"did you mean '{close[0]}'?" if close else f"it has {', '.join(known) or 'none'}"
                    opset = opsets.get(node.domain)
                    yield node.at(f"attribute {given}").says(
                        f"{node.op_type} has no attribute '{given}' in opset {opset}", hint=hint
                    )
            missing = [name for name in names if name.endswith("!") and name[:-1] not in node.attrs]
            if not missing and all(given in known for given in node.attrs):
                right.add(call)
            for name in missing:
                yield node.at(f"attribute {name[:-1]}").says(
                    f"{node.op_type} needs the attribute '{name[:-1]}'"
                )
