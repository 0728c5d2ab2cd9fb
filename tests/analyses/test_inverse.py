"""Which input sizes give an output size: checked against trying every size."""

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from archlint.analyses.inverse import Question, Window, solve
from archlint.api import UsageError, load


@pytest.mark.parametrize(
    ("window", "target", "sizes"),
    [
        pytest.param(Window(9, 3, 2), 16, [52, 53, 54], id="kernel 9, stride 3, pad 1"),
        pytest.param(Window(7, 3), 16, [52, 53, 54], id="kernel 7, stride 3"),
        pytest.param(Window(1, 1, 2), 1, [], id="padding alone makes 3"),
        pytest.param(Window(3, 4), 1, [3, 4, 5, 6], id="one stride of sizes"),
        pytest.param(Window(3, 1), 0, [], id="no layer gives 0"),
    ],
)
def test_the_sizes_of_one_layer(window, target, sizes):
    assert list(window.inputs(target)) == sizes


@given(
    st.builds(Window, st.integers(1, 9), st.integers(1, 5), st.integers(0, 6), st.integers(1, 3)),
    st.integers(1, 40),
)
def test_one_layer_agrees_with_trying_every_size(window, target):
    tried = [n for n in range(1, 400) if n + window.pads >= window.extent and window.output(n) == target]
    assert list(window.inputs(target)) == tried


def chain(folder, size, layers, *, skip=False):
    """Convolutions of (kernel, stride, pad) on a square input; with ``skip`` the last adds its input."""
    nodes, weights, x = [], [], "x"
    for i, (kernel, stride, pad) in enumerate(layers):
        weights.append(numpy_helper.from_array(np.zeros((2, 2, kernel, kernel), np.float32), f"w{i}"))
        nodes.append(
            helper.make_node("Conv", [x, f"w{i}"], [f"y{i}"], f"c{i}", strides=[stride] * 2, pads=[pad] * 4)
        )
        x = f"y{i}"
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("x", 1, [1, 2, size, size])],
        [helper.make_tensor_value_info(x, 1, None)],
        weights,
    )
    path = folder / "chain.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return load(path), x


LAYERS = [(7, 2, 3), (3, 2, 1), (3, 3, 0)]


def through(size):
    for kernel, stride, pad in LAYERS:
        size = (size + 2 * pad - kernel) // stride + 1
    return size


@pytest.mark.parametrize("declared", ["S", 224], ids=["symbolic input", "fixed input, freed"])
def test_a_chain_agrees_with_trying_every_size(tmp_path, declared):
    model, output = chain(tmp_path, declared, LAYERS)
    answer = solve(model, Question(output, 2, 5, "x", 2, high=300))
    assert list(answer.sizes) == [n for n in range(1, 301) if through(n) == 5]
    exact = []
    for n in answer.sizes:
        size, rest = n, 0
        for kernel, stride, pad in LAYERS:
            rest += (size + 2 * pad - kernel) % stride
            size = (size + 2 * pad - kernel) // stride + 1
        exact += [n] * (not rest)
    assert list(answer.exact) == exact


def test_an_empty_answer_says_why(tmp_path):
    model, output = chain(tmp_path, "S", LAYERS)
    answer = solve(model, Question(output, 2, 1000, "x", 2, high=300))
    assert answer.sizes == ()
    assert "nearest outputs: 25 (size 297)" in answer.why


def test_an_output_that_does_not_depend_on_the_input_says_so(tmp_path):
    model, output = chain(tmp_path, "S", LAYERS)
    assert "does not depend" in solve(model, Question(output, 1, 2, "x", 2)).why
    assert "is 2 whatever" in solve(model, Question(output, 1, 3, "x", 2)).why


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(Question("nope", 2, 5, "x", 2), id="no such output"),
        pytest.param(Question("y2", 9, 5, "x", 2), id="no such output axis"),
        pytest.param(Question("y2", 2, 5, "z", 2), id="no such input"),
        pytest.param(Question("y2", 2, 5, "x", 4), id="no such input axis"),
    ],
)
def test_a_question_about_something_absent_is_refused(tmp_path, question):
    model, _ = chain(tmp_path, "S", LAYERS)
    with pytest.raises(UsageError):
        solve(model, question)
