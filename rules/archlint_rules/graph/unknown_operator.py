from difflib import get_close_matches

from archlint.api import Findings, Model, rule
from archlint_rules.graph.operators import EXTENDED, in_force, standard, table, versions
from archlint_rules.graph.opsets import opsets_of


@rule("GRF006", on=Model, severity="error")
def unknown_operator(model: Model) -> Findings:
    """A node of a standard domain that calls an operator its opset does not define.

    The name is misspelt, or the operator came with a later opset than the one the model imports.
    Operators of other domains, and functions that the model itself defines, are not judged. A name
    that some runtimes know beyond the standard is a warning.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (each operator is declared by an imported set)

    Example: built in the tests
    """
    for graph, opsets in opsets_of(model):
        for node in graph.nodes:
            if not standard(node.domain) or (node.domain, node.op_type, node.overload) in model.functions:
                continue
            opset = opsets.get(node.domain)
            if opset is None or in_force(node.domain, node.op_type, opset) is not None:
                continue
            domain = node.domain or "ai.onnx"
            rows = versions(node.domain, node.op_type)
            level = "warning" if node.op_type in EXTENDED and not node.domain else "error"
            if rows:
                text = f"{node.op_type} came with opset {rows[0][0]} of {domain}, the model imports {opset}"
                yield node.at().says(text, severity=level, hint=f"import opset {rows[0][0]} or later")
            else:
                close = get_close_matches(node.op_type[:64], table()[domain], 1, 0.7)
                yield node.at().says(
                    f"{domain} has no operator '{node.op_type}'",
                    severity=level,
                    hint=f"did you mean '{close[0]}'?" if close else None,
                )
