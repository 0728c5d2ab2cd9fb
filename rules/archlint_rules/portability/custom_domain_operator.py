from archlint.api import Findings, Model, Node, rule
from archlint_rules.graph.operators import standard


@rule("PRT005", on=Model, severity="info")
def custom_domain_operator(model: Model, *, allowed: tuple[str, ...] = ()) -> Findings:
    """An operator of a vendor's domain, which other runtimes do not know.

    The model runs only where somebody implements the domain. ``allowed`` lists domains that are not
    told. Functions that travel with the model are standard, and one finding is given per domain.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (extensions by operator sets)

    Example: built in the tests
    """
    found: dict[str, dict[str, list[Node]]] = {}
    for graph in model.graphs():
        for node in graph.nodes:
            local = (node.domain, node.op_type, node.overload) in model.functions
            if not standard(node.domain) and not local and node.domain not in allowed:
                found.setdefault(node.domain, {}).setdefault(node.op_type, []).append(node)
    for domain, kinds in found.items():
        first = next(iter(kinds.values()))[0]
        count = sum(len(nodes) for nodes in kinds.values())
        shown = ", ".join(list(kinds)[:8]) + (", ..." if len(kinds) > 8 else "")
        yield first.at().says(
            f"{count} nodes call operators of '{domain}': {shown}",
            hint="only runtimes that know the domain can run the model",
            operators=sorted(kinds),
        )
