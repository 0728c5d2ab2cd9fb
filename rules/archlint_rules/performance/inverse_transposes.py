from archlint.api import Findings, Node, rule


@rule("PRF003", on="Transpose", severity="info", fixable=True)
def inverse_transposes(node: Node) -> Findings:
    """A Transpose that undoes the one before it.

    Both copy the whole tensor for nothing; they are left over from changes between channels-first
    and channels-last layouts.

    Source: https://onnx.ai/onnx/operators/onnx__Transpose.html

    Bad:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Transpose, perm: [0, 2, 3, 1]}
          - {op: Transpose, perm: [0, 3, 1, 2]}
    Good:
        inputs: {x: [1, 3, 8, 8]}
        layers:
          - {op: Transpose, perm: [0, 2, 3, 1]}
    """
    before = node.producer()
    if before is None or before.op_type != "Transpose" or before.domain or node.domain:
        return
    first, second = before.integers("perm"), node.integers("perm")
    if first is None and second is None:
        undone = "perm" not in before.attrs and "perm" not in node.attrs
    else:
        n = len(first or second or ())
        backwards = tuple(range(n))[::-1]
        p, q = first or backwards, second or backwards
        fits = len(p) == len(q) and set(p) == set(q) == set(range(n))
        undone = fits and all(p[axis] == i for i, axis in enumerate(q))
    if undone:
        yield node.at().says(
            f"Transpose undoes '{before.label}' before it",
            hint=f"read '{before.input(0)}' instead of '{node.output(0)}'",
        )
