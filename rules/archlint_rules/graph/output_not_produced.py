from difflib import get_close_matches

from archlint.api import Findings, Model, rule


@rule("GRF005", on=Model, severity="error")
def output_not_produced(model: Model) -> Findings:
    """A graph output that no node, input or initializer gives a value to.

    No runtime loads such a model: it was cut out of a larger one, or an output was renamed.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (outputs are written by the graph's execution)

    Example: built in the tests
    """
    for graph in model.graphs():
        for name in graph.outputs:
            if not graph.knows(name):
                close = get_close_matches(name, graph.producers, 1, 0.6)
                yield graph.at(f"output {name}").says(
                    f"output '{name}' is produced by nothing",
                    hint=f"did you mean '{close[0]}'?" if close else None,
                )
