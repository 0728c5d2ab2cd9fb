from archlint.api import Analysis, Findings, Node, rule

HALF_OF_SMALLEST = 2.0**-25


@rule("NUM017", on=("BatchNormalization", "InstanceNormalization"), needs=("shapes",), local=True)
def float16_vanishing_epsilon(norm: Node, analysis: Analysis) -> Findings:
    """An epsilon that rounds to zero in float16.

    The smallest float16 is about 6e-8. An epsilon of 1e-12 becomes zero, and a channel without
    variance divides by zero.

    Source: https://onnxruntime.ai/docs/performance/model-optimizations/float16.html (small values
    are clipped to a smallest positive one in a conversion)

    Example: built in the tests
    """
    facts = analysis.shapes.inputs(norm)
    epsilon = norm.number("epsilon", 1e-5)
    half = bool(facts) and facts[0] is not None and facts[0].dtype == "float16"
    if half and not norm.domain and epsilon is not None and epsilon <= HALF_OF_SMALLEST:
        yield norm.at("attribute epsilon").says(
            f"epsilon {epsilon:g} is zero in float16", hint="use 1e-5, or normalize in float32"
        )
