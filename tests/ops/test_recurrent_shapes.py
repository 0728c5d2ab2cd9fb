"""Random recurrent layers agree with onnxruntime, or both refuse."""

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.ops.single_node import Case, compare

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def layer(op, steps, batch, inputs, hidden, direction, layout, optional):
    dirs = 2 if direction == "bidirectional" else 1
    g = GATES[op]
    zeros = lambda *shape: np.zeros(shape, np.float32)  # noqa: E731
    state = (batch, dirs, hidden) if layout else (dirs, batch, hidden)
    arrays = [
        zeros(*((batch, steps, inputs) if layout else (steps, batch, inputs))),
        zeros(dirs, g * hidden, inputs),
        zeros(dirs, g * hidden, hidden),
        zeros(dirs, 2 * g * hidden) if "B" in optional else None,
        np.full(batch, steps, np.int32) if "lens" in optional else None,
        zeros(*state) if "h" in optional else None,
    ]
    if op == "LSTM":
        arrays.append(zeros(*state) if "c" in optional else None)
        arrays.append(zeros(dirs, 3 * hidden) if "P" in optional else None)
    while arrays[-1] is None:
        arrays.pop()
    attrs = {"hidden_size": hidden, "direction": direction, "layout": layout}
    return Case(op, arrays, attrs, outputs=3 if op == "LSTM" else 2, constant=frozenset({1, 2, 3, 7}))


@given(
    st.sampled_from(sorted(GATES)),
    *[st.integers(1, 4)] * 4,
    st.sampled_from(["forward", "reverse", "bidirectional"]),
    st.sampled_from([0, 0, 0, 1]),
    st.sets(st.sampled_from(["B", "lens", "h", "c", "P"])),
)
@settings(max_examples=150, deadline=None)
def test_layers(op, steps, batch, inputs, hidden, direction, layout, optional):
    event(compare(layer(op, steps, batch, inputs, hidden, direction, layout, optional)))


@pytest.mark.parametrize("op", sorted(GATES))
@pytest.mark.parametrize("slot", [1, 2, 3, 5])
def test_a_parameter_of_the_wrong_size_is_told_and_refused(op, slot):
    case = layer(op, 3, 2, 4, 5, "forward", 0, {"B", "h"})
    array = case.inputs[slot]
    case.inputs[slot] = np.zeros((*array.shape[:-1], array.shape[-1] + 1), np.float32)
    (defect,) = case.analysed().shapes.defects
    assert defect.error.kind == "recurrent-weight-shape"
    assert defect.error.subject == f"input i{slot}"
    assert case.run() is None
