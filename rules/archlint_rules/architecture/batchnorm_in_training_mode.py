from archlint.api import Analysis, Findings, Node, rule


@rule("ARC008", on="BatchNormalization")
def batchnorm_in_training_mode(node: Node, analysis: Analysis) -> Findings:
    """A batch normalization that uses the statistics of the batch it is given.

    In training mode the stored mean and variance are not used: an answer depends on the other
    samples of the batch. Some runtimes accept inference mode only.

    Source: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html

    Bad:
        inputs: {x: [8, 2, 4, 4]}
        layers:
          - op: BatchNormalization
            training_mode: 1
            weights: {scale: [2], B: [2], input_mean: [2], input_var: [2]}
    Good:
        inputs: {x: [8, 2, 4, 4]}
        layers:
          - op: BatchNormalization
            weights: {scale: [2], B: [2], input_mean: [2], input_var: [2]}
    """
    opset = analysis.model.opsets.get("", 15)
    extra = [name for name in node.outputs[1:] if name]
    if node.domain:
        return
    if node.integer("training_mode", 0):
        yield node.at("attribute training_mode").says(
            "training_mode is 1: the layer normalizes with the statistics of each batch",
            hint="export the model in inference mode",
        )
    elif opset < 14 and extra:
        yield node.at(f"output {extra[0]}").says(
            f"gives {1 + len(extra)} outputs: with more than one the layer is in training mode",
            hint="export the model in inference mode",
        )
