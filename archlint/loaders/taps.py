"""Taps: tensors inside the bodies of If, Loop and Scan, led out to the outputs of the main graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlint.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx

SEPARATOR = "\n"
"""Between the parts of the name of an inner tensor: an output of a node, the body's attribute, ..., the tensor."""


def tapped(graph: onnx.GraphProto, name: str) -> str:
    """The tensor of ``graph`` that holds the inner tensor ``name``; bodies on the way get an output more.

    What a Loop or Scan makes is stacked over its iterations; a branch that is not taken gives an
    empty tensor. Raises `UsageError` when there is no such tensor.
    """
    *path, last = name.split(SEPARATOR)
    return _led(graph, path, last)


def _led(graph: onnx.GraphProto, path: Sequence[str], name: str) -> str:
    from onnx import TensorProto, helper

    if not path:
        out = f"{name}/archlint-tap"
        if not any(out in node.output for node in graph.node):
            graph.node.append(helper.make_node("Cast", [name], [out], to=TensorProto.FLOAT))
        return out
    node = next((n for n in graph.node if n.output and n.output[0] == path[0]), None)
    if node is None:
        raise UsageError(f"no node makes '{path[0]}'")
    bodies = {a.name: a.g for a in node.attribute if a.HasField("g")}
    inner = _led(bodies[path[1]], path[2:], name)
    out = f"{path[0]}/{inner}"
    if out in node.output:
        return out
    bodies[path[1]].output.append(helper.make_tensor_value_info(inner, TensorProto.FLOAT, None))
    for label, body in bodies.items():
        if label != path[1]:
            # the branch not taken
            none = helper.make_tensor("none", TensorProto.FLOAT, [0], [])
            body.node.append(helper.make_node("Constant", [], [inner], value=none))
            body.output.append(helper.make_tensor_value_info(inner, TensorProto.FLOAT, None))
    for attribute in node.attribute:
        if attribute.name in {"scan_output_axes", "scan_output_directions"}:
            attribute.ints.append(0)
    node.output.append(out)
    return out
