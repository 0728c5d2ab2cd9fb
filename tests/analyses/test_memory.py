"""The peak of the activations agrees with an account kept by hand."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from tests.analyses.graphs import analysed, floats, node, stored, value

W = stored("w", floats(5, 5))


def test_a_chain_keeps_two_tensors(tmp_path):
    nodes = [node("Relu", [f"t{i}"], [f"t{i + 1}"]) for i in range(4)]
    memory = analysed(tmp_path, nodes, [value("t0", [10])], ["t4"]).memory
    assert memory.peak == 2 * 40
    assert memory.unknown is None


def test_a_skip_connection_keeps_three(tmp_path):
    nodes = [
        node("Relu", ["x"], ["a"]),
        node("Relu", ["a"], ["b"], name="here"),
        node("SwiGLU", ["x", "b"], ["y"]),
    ]
    memory = analysed(tmp_path, nodes, [value("x", [10])], ["y"], opset=28).memory
    assert memory.peak == 3 * 40
    assert memory.step is not None
    assert memory.step.node.name == "here"


def test_graph_outputs_live_to_the_end(tmp_path):
    nodes = [node("Relu", ["x"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"])]
    memory = analysed(tmp_path, nodes, [value("x", [10])], ["a", "y"]).memory
    assert memory.peak == 3 * 40


def test_weights_and_what_they_alone_decide_are_apart(tmp_path):
    nodes = [node("Relu", ["w"], ["k"]), node("MatMul", ["x", "k"], ["y"])]
    assert analysed(tmp_path, nodes, [value("x", [2, 5])], ["y"], [W]).memory.peak == 2 * 40


def test_a_symbolic_peak_is_a_formula(tmp_path):
    nodes = [node("Relu", ["x"], ["a"]), node("MatMul", ["a", "w"], ["y"])]
    memory = analysed(tmp_path, nodes, [value("x", ["N", 5])], ["y"], [W]).memory
    assert str(memory.peak) == "40*N"


def test_an_unknown_size_makes_the_peak_unknown_and_is_named(tmp_path):
    nodes = [node("Relu", ["x"], ["a"]), node("Relu", ["z"], ["y"])]
    memory = analysed(tmp_path, nodes, [value("x", [10]), value("z", [None])], ["a", "y"]).memory
    assert memory.peak is None
    assert memory.at_least == 80
    assert memory.unknown == "the size of 'z' is unknown"


def test_a_body_stands_on_what_is_live_around_it(tmp_path):
    def branch(name, wide):
        nodes = (
            [node("MatMul", ["x", "w"], ["m"]), node("MatMul", ["m", "w"], [name])]
            if wide
            else [node("Relu", ["x"], [name])]
        )
        return helper.make_graph(nodes, name, [], [value(name, [2, 5])])

    choice = node("If", ["c"], ["y"], then_branch=branch("t", True), else_branch=branch("e", False))
    inputs = [value("x", [2, 5]), value("c", [], TensorProto.BOOL)]
    # x and the flag around; m and t inside
    assert analysed(tmp_path, [choice], inputs, ["y"], [W]).memory.peak == 40 + 1 + 2 * 40


def test_traffic_counts_weights_and_gives_the_intensity(tmp_path):
    found = analysed(tmp_path, [node("MatMul", ["x", "w"], ["y"])], [value("x", [2, 5])], ["y"], [W])
    (step,) = found.shapes.main.steps
    traffic = found.memory.traffic(step)
    assert (traffic.read, traffic.written, traffic.macs) == (40 + 100, 40, 50)
    assert traffic.intensity == 50 / 180


@given(st.lists(st.integers(0, 6), min_size=1, max_size=8), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_random_graphs_agree_with_a_simulation(tmp_path_factory, parents, kept):
    names = ["x"]
    nodes = []
    for i, parent in enumerate(parents):
        a, b = names[parent % len(names)], names[(parent * 7 + i) % len(names)]
        names.append(f"t{i}")
        nodes.append(node("SwiGLU", [a, b], [f"t{i}"]))
    outputs = list(dict.fromkeys([names[-1], names[1 + kept % (len(names) - 1)]]))
    memory = analysed(tmp_path_factory.mktemp("m"), nodes, [value("x", [1])], outputs, opset=28).memory
    live, peak = {"x"}, 4
    for i, n in enumerate(nodes):
        live |= {n.output[0]}
        peak = max(peak, 4 * len(live))
        later = {name for m in nodes[i + 1 :] for name in m.input} | set(outputs)
        live &= later
    assert memory.peak == peak


def test_four_bits_take_half_a_byte():
    from archlint.analyses.memory import size_of
    from archlint.model import Fact

    assert size_of(Fact("int4", (3,))) == 2
    assert size_of(Fact("bfloat16", (3,))) == 6
    assert size_of(Fact("string", (3,))) is None
    assert np.dtype("float32").itemsize == size_of(Fact("float32", ()))
