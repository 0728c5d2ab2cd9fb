from difflib import get_close_matches

from archlint.api import Findings, Model, rule
from archlint_rules.portability.targets import names, target


@rule("PRT020", on=Model, severity="warning")
def unknown_target(model: Model, *, targets: tuple[str, ...] = ()) -> Findings:
    """A target that no table describes, so that nothing is checked for it.

    ``targets`` names runtimes with an optional version, such as ``onnxruntime-1.17``. A version newer
    than the table is information: what it reads is not checked.

    Source: https://onnxruntime.ai/docs/reference/compatibility.html

    Example: built in the tests
    """
    for text in targets:
        found = target(text)
        if found is not None and found.newest is not None:
            hint = f"{found.name.partition('-')[0]}-{found.newest} is checked"
            yield model.graph.at().info(
                f"'{text}' is not checked: the table ends with version {found.newest}", hint=hint
            )
        if found is None:
            close = get_close_matches(text.partition("-")[0], names(), 1)
            hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(names())}"
            yield model.graph.at().says(f"nothing is known about the target '{text}'", hint=hint)
