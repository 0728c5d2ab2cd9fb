from archlint.api import Analysis, Defect, Findings, Model, rule
from archlint_rules.convolution.windows import POOLS, axes

WINDOWS = {"Conv", *POOLS}


@rule("SHP002", on=Model, severity="error", needs=("shapes",), fixable=True)
def declared_shape_contradiction(model: Model, analysis: Analysis) -> Findings:
    """A tensor whose declared shape is not the one that its operator computes.

    The declaration is what callers and converters allocate for. onnx.checker does not compare it
    with the operators unless asked to, and runtimes warn at most. Where the declaration has a name
    in place of a number nobody can allocate for it, and the finding is a warning.

    Source: https://onnx.ai/onnx/repo-docs/IR.html (graph outputs carry a type with its shape)

    Example: built in the tests
    """
    for defect in analysis.shapes.of("declared-shape-contradiction"):
        error = defect.error
        size = str(error.data.get("computed"))
        formula = _formula(defect, analysis)
        text = f"{error.message.removesuffix(f'{size})')}{formula} = {size})" if formula else error.message
        yield defect.step.node.at(error.subject).says(
            text, severity=error.severity, hint=error.help, **error.data
        )


def _formula(defect: Defect, analysis: Analysis) -> str | None:
    """How the size at fault is computed: ``floor((25+2*1-1)/1)+1``; None for other than windows."""
    node, data = defect.step.node, defect.error.data
    if node.op_type not in WINDOWS or node.attrs.get("ceil_mode") or "axis" not in data:
        return None
    for axis in axes(node, analysis):
        if axis.number != data["axis"] - 2:
            continue
        pads = f"2*{axis.begin}" if axis.begin == axis.end else f"{axis.begin}+{axis.end}"
        size = axis.size if isinstance(axis.size, int) else f"({axis.size})"
        room = axis.size + axis.begin + axis.end - axis.reach
        if room // axis.stride + 1 == data["computed"]:
            return f"floor(({size}+{pads}-{axis.reach})/{axis.stride})+1"
    return None
