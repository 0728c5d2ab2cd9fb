import re

from archlint.api import Findings, Model, rule

TRACES = {
    "an absolute path": re.compile(r"(?:/home/|/Users/|/root/|[A-Za-z]:\\Users\\)[^\s'\"]+"),
    "what looks like a key": re.compile(
        r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[0-9A-Za-z]{36}|hf_[0-9A-Za-z]{30,})\b"
    ),
}


@rule("SEC002", on=Model, severity="warning", default=False)
def suspicious_metadata(model: Model) -> Findings:
    """Metadata that tells more than it should: home folders, or keys.

    Exporters write stack traces and paths into the file; they travel with it.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (metadata_props: whatever a tool chooses to place there)

    Example: built in the tests
    """
    entries = [(model.graph.at(f"metadata {key}"), text) for key, text in model.metadata.items()]
    for graph in model.graphs():
        entries += [(n.at(f"metadata {key}"), text) for n in graph.nodes for key, text in n.metadata.items()]
    told: set[str] = set()
    for place, text in entries:
        for what, pattern in TRACES.items():
            if what not in told and pattern.search(text):
                told.add(what)
                yield place.says(f"metadata holds {what}", hint="strip the metadata before publishing")
