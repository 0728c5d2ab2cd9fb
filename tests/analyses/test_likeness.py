"""Steps that are alike are inferred once, and only where nothing but types and shapes decides."""

from __future__ import annotations

import pytest

from archlint.analyses import Analysis
from archlint.api import Draft, Findings, Node, rule, run
from archlint.model import Fact, Graph, Model, Weight
from archlint.model import Node as ModelNode


class Numbers:
    """A source of given numbers."""

    def __init__(self, values: list[float], dtype: str) -> None:
        self.values, self.dtype = values, dtype

    def read(self, weight: Weight):  # type: ignore[no-untyped-def]
        import numpy as np

        return np.array(self.values, self.dtype).reshape(weight.shape)


def weight(name: str, dtype: str, values: list[float]) -> Weight:
    return Weight(name, dtype, (len(values),), Numbers(values, dtype))


def analysis(nodes: list[ModelNode], *weights: Weight, x: tuple[int, ...] = (2, 6)) -> Analysis:
    outputs = {nodes[-1].outputs[0]: Fact()}
    graph = Graph("g", nodes, {"x": Fact("float32", x)}, outputs, {w.name: w for w in weights})
    return Analysis(Model("m", "onnx", graph, {"": 18}))


def node(op: str, inputs: str, output: str, **attrs: object) -> ModelNode:
    return ModelNode(op, tuple(inputs.split()), (output,), dict(attrs), name=output)


def test_nodes_that_differ_in_names_only_are_alike() -> None:
    seen = analysis([node("Relu", "x", "a"), node("Relu", "a", "b"), node("Sigmoid", "b", "c")]).shapes
    first, second, other = seen.main.steps
    assert first.alike is not None
    assert first.alike is second.alike
    assert other.alike is not first.alike
    assert second.outs[0].shape == (2, 6)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"axis": 0}, {"axis": 1}, id="values"),
        pytest.param({"axis": 1}, {"axis": 1.0}, id="types"),
        pytest.param({"axis": 1}, {}, id="presence"),
    ],
)
def test_attributes_tell_nodes_apart(one: dict[str, object], other: dict[str, object]) -> None:
    steps = analysis([node("Softmax", "x", "a", **one), node("Softmax", "x", "b", **other)]).shapes.main.steps
    assert steps[0].alike is None or steps[0].alike is not steps[1].alike


def test_numbers_that_decide_a_shape_keep_nodes_apart() -> None:
    seen = analysis(
        [node("Reshape", "x s", "a"), node("Reshape", "x t", "b")],
        weight("s", "int64", [3, 4]),
        weight("t", "int64", [4, 3]),
    ).shapes
    assert [step.outs[0].shape for step in seen.main.steps] == [(3, 4), (4, 3)]


def test_a_square_is_not_any_product() -> None:
    seen = analysis([node("Mul", "x x", "a"), node("Neg", "a", "b"), node("Mul", "x b", "c")])
    assert seen.ranges.of("a").least() == 0
    assert seen.ranges.of("c").least() == float("-inf")


def test_numbers_of_constants_are_never_shared() -> None:
    seen = analysis(
        [node("Sigmoid", "x", "p"), node("Mul", "p u", "a"), node("Mul", "p v", "b")],
        weight("u", "float32", [1.0] * 6),
        weight("v", "float32", [-1.0] * 6),
    )
    assert seen.ranges.of("a").least() >= -1e-6
    assert seen.ranges.of("b").greatest() <= 1e-6


def test_a_local_rule_is_asked_once_for_nodes_that_are_alike_and_speaks_on_each() -> None:
    asked: list[str] = []

    @rule("TST901", on="Relu", needs=("shapes",), local=True)
    def quiet(relu: Node) -> Findings:
        """Never speaks."""
        asked.append(relu.name)
        yield from ()

    @rule("TST902", on="Sigmoid", needs=("shapes",), local=True)
    def loud(sigmoid: Node) -> Findings:
        """Always speaks."""
        said: Draft = sigmoid.at().says("here")
        yield said

    chain = [("Relu", "a"), ("Relu", "b"), ("Sigmoid", "c"), ("Sigmoid", "d")]
    inputs = ["x", "a", "b", "c"]
    model = analysis([node(op, i, o) for (op, o), i in zip(chain, inputs, strict=True)])
    found = run(model, [quiet.archlint_rule, loud.archlint_rule]).findings  # type: ignore[attr-defined]
    assert asked == ["a"]
    assert [f.node for f in found] == ["c", "d"]
