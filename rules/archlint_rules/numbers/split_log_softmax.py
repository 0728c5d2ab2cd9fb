from archlint.api import Findings, Node, rule


@rule("NUM014", on="Log")
def split_log_softmax(log: Node) -> Findings:
    """A logarithm of a Softmax, where LogSoftmax computes the same without loss.

    Small probabilities round to zero before the logarithm and become -Inf: in float32 that happens
    when a logit is about 104 below the largest. LogSoftmax never forms the probability.

    Source: https://onnx.ai/onnx/operators/onnx__LogSoftmax.html

    Bad:
        inputs: {x: [1, 10]}
        layers:
          - {op: Softmax}
          - {op: Log}
    Good:
        inputs: {x: [1, 10]}
        layers:
          - {op: LogSoftmax}
    """
    before = log.producer()
    if before is not None and before.op_type == "Softmax" and not before.domain and not log.domain:
        yield log.at().says(
            f"Log of Softmax '{before.label}' loses small probabilities",
            hint=f"use LogSoftmax on '{before.input(0)}' with the same axis",
        )
