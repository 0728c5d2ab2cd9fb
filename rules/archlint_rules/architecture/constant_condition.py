from archlint.api import Analysis, Findings, Node, rule


@rule("ARC012", on="If", severity="info", needs=("shapes",))
def constant_condition(node: Node, analysis: Analysis) -> Findings:
    """An If whose condition does not depend on the input.

    One branch never runs; it is stored, and converters that need static graphs stumble over it.

    Source: https://onnx.ai/onnx/operators/onnx__If.html

    Example: built in the tests
    """
    facts = analysis.shapes.inputs(node)
    value = facts[0].scalar() if facts and facts[0] is not None else None
    if isinstance(value, (bool, int)):
        taken, other = ("then_branch", "else_branch") if value else ("else_branch", "then_branch")
        yield node.at(f"attribute {other}").says(
            f"the condition is always {str(bool(value)).lower()}: '{other}' never runs",
            hint=f"replace the If by its '{taken}'",
        )
