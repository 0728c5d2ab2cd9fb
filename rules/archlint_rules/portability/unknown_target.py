from difflib import get_close_matches

from archlint.api import Findings, Model, rule
from archlint_rules.portability.targets import names, target


@rule("PRT020", on=Model, severity="warning")
def unknown_target(model: Model, *, targets: tuple[str, ...] = ()) -> Findings:
    """A target that no table describes, so that nothing is checked for it.

    ``targets`` names runtimes with an optional version, such as ``onnxruntime-1.17``.

    Source: https://onnxruntime.ai/docs/reference/compatibility.html

    Example: built in the tests
    """
    for text in targets:
        if target(text) is None:
            close = get_close_matches(text.partition("-")[0], names(), 1)
            hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(names())}"
            yield model.graph.at().says(f"nothing is known about the target '{text}'", hint=hint)
