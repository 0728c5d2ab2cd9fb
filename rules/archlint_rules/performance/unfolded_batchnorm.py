from archlint.api import Analysis, Findings, Model, Node, rule

LINEAR = {"Conv", "ConvTranspose", "Gemm"}


@rule("PRF001", on=Model, severity="info", needs=("shapes",))
def unfolded_batchnorm(model: Model, analysis: Analysis) -> Findings:
    """A batch normalization that could be part of the convolution before it.

    At inference it multiplies and adds constants, which fold into the weight and the bias: one pass
    over the feature map less. Many runtimes do it when they load the model, not all; one finding is
    given for each graph.

    Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ONNX_Runtime_Graph_Optimizations.md
    (Conv BatchNorm Fusion)

    Bad:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, weights: {W: [4, 3, 3, 3]}}
          - {op: BatchNormalization, weights: {scale: [4], B: [4], input_mean: [4], input_var: [4]}}
    Good:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Conv, weights: {W: [4, 3, 3, 3], B: [4]}}
    """
    for graph in model.graphs():
        found = [node for node in graph.nodes if _foldable(node, analysis)]
        if found:
            first, before = found[0], found[0].producer()
            more = f", and {len(found) - 1} more like it" if len(found) > 1 else ""
            label = before.label if before is not None else ""
            yield first.at().says(
                f"BatchNormalization can be folded into '{label}' before it{more}",
                hint="fold it into the weight and bias",
                nodes=len(found),
            )


def _foldable(node: Node, analysis: Analysis) -> bool:
    if node.op_type != "BatchNormalization" or node.domain or node.integer("training_mode", 0):
        return False
    before = node.producer()
    if before is None or before.op_type not in LINEAR or before.domain or before.sole_reader() is not node:
        return False
    facts = [*analysis.shapes.inputs(node)[1:], *analysis.shapes.inputs(before)[1:]]
    return len(node.inputs) == 5 and all(f is None or f.constant for f in facts)
