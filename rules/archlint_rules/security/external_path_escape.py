from archlint.api import Findings, Model, rule


@rule("SEC001", on=Model, severity="error")
def external_path_escape(model: Model) -> Findings:
    """A tensor whose numbers lie in a file outside the model's folder.

    Such a path reads, and with some tools overwrites, files of whoever opens the model. archlint
    does not follow it. When weights are read the loader has told of it already (IO008), and the
    rule is silent.

    Source: https://onnx.ai/onnx/repo-docs/ExternalDataSecurity.html (path traversal)

    Example: built in the tests
    """
    if any(problem.code == "IO008" for problem in model.problems):
        return
    for graph in model.graphs():
        for name, weight in graph.weights.items():
            location = weight.external
            if location is None:
                continue
            parts = location.replace("\\", "/").split("/")
            absolute = location.startswith(("/", "\\")) or location[1:2] == ":"
            depth = lowest = 0
            for part in parts:
                depth += -1 if part == ".." else part not in {"", "."}
                lowest = min(lowest, depth)
            if absolute or lowest < 0:
                yield graph.at(f"initializer {name}").says(
                    f"initializer '{name}' points to '{location}', outside the model's folder",
                    hint="do not open this model with tools that follow the path",
                )
