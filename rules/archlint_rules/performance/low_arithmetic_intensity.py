from archlint.api import Analysis, Findings, Model, rule
from archlint_rules.performance.traffic import traffic


@rule("PRF017", on=Model, severity="info", needs=("shapes", "costs"), default=False)
def low_arithmetic_intensity(
    model: Model, analysis: Analysis, *, ridge: float = 0.0, share: float = 0.5
) -> Findings:
    """Layers that wait for memory on the target, because they compute too little on what they read.

    A processor reaches its peak only above its ridge point: peak operations a second by bytes a second.
    ``ridge`` is that point of the target in multiply-accumulates a byte; without it the rule is silent.
    Told when layers below it hold at least ``share`` of the model's multiply-accumulates.

    Source: https://rocm.docs.amd.com/projects/HIP/en/docs-7.2.1/understand/performance_optimization.html
    (compute-bound and memory-bound, the roofline model)

    Example: built in the tests
    """
    slow, total = [], 0
    for step in analysis.shapes.main.steps if ridge > 0 else ():
        cost, moved = analysis.costs.of(step), traffic(step)
        macs = cost.macs if cost is not None else None
        if isinstance(macs, int) and macs and moved:
            total += macs
            if macs < ridge * moved:
                slow.append((macs, macs / moved, step.node))
    waiting = sum(macs for macs, _, _ in slow)
    if slow and waiting >= share * total:
        macs, intensity, node = max(slow, key=lambda row: row[0])
        more = f", and {len(slow) - 1} more layers like it" if len(slow) > 1 else ""
        yield node.at().says(
            f"{intensity:.3g} multiply-accumulates a byte, the target needs {ridge:g}{more}",
            hint="raise the batch, fuse layers, or use a smaller type",
            layers=len(slow),
            share=waiting / total,
        )
