from archlint.api import Findings, Node, rule

MOVES = {
    "Reshape",
    "Transpose",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Concat",
    "MaxPool",
    "Identity",
    "Gather",
    "Slice",
}


@rule("NUM021", on="QuantizeLinear", severity="info")
def quantize_without_dequantize(node: Node) -> Findings:
    """A quantized tensor that is read by an operator which does not know its scale.

    The result of QuantizeLinear is a whole number; only DequantizeLinear and the quantized operators
    are told the scale and zero point that give it meaning. A Cast, for instance, reads the raw
    number.

    Source: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html

    Example: built in the tests
    """
    for reader in node.readers():
        quantized = "Q" in reader.op_type or "Integer" in reader.op_type or "Dequantize" in reader.op_type
        if not reader.domain and not quantized and reader.op_type not in MOVES and not reader.bodies:
            yield node.at(f"output {node.output(0)}").says(
                f"'{node.output(0)}' is read by {reader.op_type} '{reader.label}', which knows no scale",
                hint="put a DequantizeLinear between them",
            )
            return
