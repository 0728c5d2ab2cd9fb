from archlint.api import Findings, Model, rule


@rule("PRT018", on=Model, severity="error")
def missing_metadata(model: Model, *, required: tuple[str, ...] = ()) -> Findings:
    """A model without an entry of metadata that the project requires.

    ``required`` lists keys of metadata_props, such as ``license``; without it the rule is silent.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (model_author and model_license)

    Example: built in the tests
    """
    for key in required:
        if not model.metadata.get(key, "").strip():
            yield model.graph.at(f"metadata {key}").says(f"metadata has no '{key}'")
