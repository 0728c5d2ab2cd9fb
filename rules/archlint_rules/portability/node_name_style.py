import re

from archlint.api import Findings, Model, rule


@rule("PRT019", on=Model, severity="warning")
def node_name_style(model: Model, *, pattern: str | None = None) -> Findings:
    """Nodes whose names do not follow the project's pattern.

    ``pattern`` is a regular expression for the whole name; without it the rule is silent. Nameless
    nodes are told too, and one finding is given for each graph.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (names)

    Example: built in the tests
    """
    if pattern is None:
        return
    wanted = re.compile(pattern)
    for graph in model.graphs():
        wrong = [node for node in graph.nodes if not wanted.fullmatch(node.name)]
        if wrong:
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            yield wrong[0].at().says(f"name '{wrong[0].name}' does not match '{pattern}'{more}")
