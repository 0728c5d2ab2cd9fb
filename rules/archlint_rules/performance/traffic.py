"""Bytes that an operator reads and writes."""

from archlint.api import Step

WIDTH = {
    "float64": 8, "int64": 8, "uint64": 8, "float32": 4, "int32": 4, "uint32": 4, "float16": 2, "bfloat16": 2,
    "int16": 2, "uint16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip


def traffic(step: Step) -> int | None:
    """Bytes of all inputs and outputs; None when a size is open or everything is constant."""
    if step.children or not step.outs or all(f.constant for f in step.outs):
        return None
    total = 0
    for fact in (*step.ins, *step.outs):
        if fact is None:
            continue
        width, count = WIDTH.get(fact.dtype or ""), fact.numel
        if width is None or not isinstance(count, int):
            return None
        total += width * count
    return total
