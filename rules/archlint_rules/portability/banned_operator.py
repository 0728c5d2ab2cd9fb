from fnmatch import fnmatchcase

from archlint.api import Findings, Model, rule


@rule("PRT016", on=Model, severity="error")
def banned_operator(model: Model, *, banned: tuple[str, ...] = ()) -> Findings:
    """An operator that the project does not want in its models.

    ``banned`` lists operators, with domain and wildcards: ``Loop``, ``com.microsoft::*``; without it
    the rule is silent.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (operators are named by domain and type)

    Example: built in the tests
    """
    for graph in model.graphs() if banned else ():
        for node in graph.nodes:
            pattern = next((p for p in banned if fnmatchcase(node.kind, p)), None)
            if pattern is not None:
                yield node.at().says(f"{node.kind} is banned by the policy ('{pattern}')")
