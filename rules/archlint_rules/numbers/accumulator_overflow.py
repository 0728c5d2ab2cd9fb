from archlint.api import Analysis, Findings, Node, rule

LARGEST = 2**31 - 1


@rule(
    "NUM022",
    on=("MatMulInteger", "ConvInteger", "QLinearMatMul", "QLinearConv"),
    needs=("shapes",),
    default=False,
)
def accumulator_overflow(node: Node, analysis: Analysis) -> Findings:
    """An 8-bit product with so many terms that a 32-bit sum can overflow.

    A term is at most 255 * 127, so more than 66,311 of them may leave the range of int32.

    Source: https://onnx.ai/onnx/operators/onnx__MatMulInteger.html (may overflow in 32 bits)

    Example: built in the tests
    """
    facts = analysis.shapes.inputs(node)
    slot = 3 if node.op_type.startswith("QLinear") else 1
    weight = facts[slot] if slot < len(facts) else None
    if weight is None or weight.shape is None or len(weight.shape) < 2:
        return
    terms = 1
    for size in weight.shape[1:] if "Conv" in node.op_type else weight.shape[-2:-1]:
        terms *= size if isinstance(size, int) else 1
    if terms * 255 * 127 > LARGEST:
        yield node.at().says(f"sums of {terms:,} products of 8-bit numbers can exceed {LARGEST:,}")
