from archlint.api import Findings, Model, rule


@rule("PRT017", on=Model, severity="error")
def domain_outside_policy(model: Model, *, allowed: tuple[str, ...] = ()) -> Findings:
    """An operator of a domain that the project does not allow.

    ``allowed`` lists the domains, ``ai.onnx`` for the default one; without it the rule is silent.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (operator sets and their domains)

    Example: built in the tests
    """
    told: set[str] = set()
    for graph in model.graphs() if allowed else ():
        for node in graph.nodes:
            domain = node.domain or "ai.onnx"
            if domain not in allowed and node.domain not in allowed and domain not in told:
                told.add(domain)
                yield node.at().says(f"domain '{domain}' is not allowed by the policy ({', '.join(allowed)})")
