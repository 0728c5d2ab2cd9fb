"""Cells spelt out in onnxruntime's QLinear operators: they are named, and not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.analyses.dataflow import Origin

if TYPE_CHECKING:
    from archlint.analyses.dataflow import Dataflow
    from archlint.analyses.shapes import Scope, Step

REASON = (
    "its gates are QLinear operators, whose numbers are not read: with QuantizeLinear and DequantizeLinear "
    "(quant_format=QDQ) they are"
)
_HANDED_ON = frozenset(
    {"QuantizeLinear", "DequantizeLinear", "Identity", "Squeeze", "Unsqueeze", "Reshape", "Split", "Slice"}
)
_PRODUCTS = {"QGemm": 3, "QLinearMatMul": 3, "Gemm": 1, "MatMul": 1}
"""Products, and which input is the matrix; onnxruntime leaves some of a cell's in floats."""
_ADD, _MUL, _SIGMOID = (
    frozenset({name, f"com.microsoft::QLinear{name}"}) for name in ("Add", "Mul", "Sigmoid")
)
_SLOTS = {kind: (0, 3) if "::" in kind else (0, 1) for kind in _ADD | _MUL}
"""Inputs of an operator that are terms or factors; the others are scales and zero points."""


def quantised_updates(flow: Dataflow, scope: Scope) -> tuple[str, list[Step]]:
    """LSTM or GRU, and the sums in ``scope`` that update a state through gates and share their matrices.

    Such a sum is f c + i g, (1 - z) g + z h or g + z (h - g).

    Gated products alone are no recurrence: branches of a network that are weighted by gates share
    no matrix, the steps of a cell do.
    """
    if not any(s.node.op_type == "QLinearSigmoid" for s in scope.steps):
        return "", []
    matrices = [
        flow.through(flow.origin(s.node.inputs[at], scope), _HANDED_ON).key
        for s in scope.steps
        if (at := _PRODUCTS.get(s.node.op_type, len(s.node.inputs))) < len(s.node.inputs)
    ]
    if len(set(matrices)) == len(matrices) and flow.caller(scope) is None:
        return "", []
    kind, found = "LSTM", []
    for step in scope.steps:
        if step.node.kind not in _ADD or not step.node.outputs:
            continue
        sides = [
            _gated(flow, term) for term in _operands(flow, Origin(scope, step.node.outputs[0], step=step))
        ]
        if len(sides) == 2 and (all(sides) or "difference" in sides):
            found.append(step)
            kind = "LSTM" if sides == ["gate", "gate"] else "GRU"
    return kind, found


def _operands(flow: Dataflow, origin: Origin) -> list[Origin]:
    """The terms of a sum, the factors of a product."""
    found = [flow.input(origin, slot) for slot in _SLOTS.get(origin.op, ())]
    return [flow.through(o, _HANDED_ON) for o in found if o is not None]


def _gated(flow: Dataflow, origin: Origin) -> str:
    """What a product is gated by: a ``gate``, the ``complement`` 1 - gate, nothing (empty).

    A gate times a ``difference`` of two tensors is told by that.
    """
    if origin.op not in _MUL:
        return ""
    factors = _operands(flow, origin)
    if any(f.op in _SIGMOID for f in factors):
        return "difference" if any(f.op == "Sub" for f in factors) else "gate"
    for factor in factors:
        taken = flow.input(factor, 1) if factor.op == "Sub" else None
        if taken is not None and flow.through(taken, _HANDED_ON).op in _SIGMOID:
            return "complement"
    return ""
