import numpy as np
import pytest
from onnx import numpy_helper, parser

HEADER = '<ir_version: 8, opset_import: ["": 17]>\n'


def tied(second):
    text = "g (float[1,64] x) => (float[1,64] y) { h = MatMul(x, v) r = Relu(h) y = MatMul(r, w) }"
    model = parser.parse_model(HEADER + text)
    first = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    for name, values in (("v", first), ("w", first if second is None else second)):
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    return model


def test_duplicate_initializer(lint):
    (found,) = lint(tied(None), "PRF007")
    assert found.message == "initializer 'w' (float32 [64, 64], 16,384 bytes) is a copy of 'v'"
    assert lint(tied(None), "PRF007", at_least=20_000) == []
    assert lint(tied(np.ones((64, 64), np.float32)), "PRF007") == []


def test_double_precision(lint):
    text = "g ({t}[1,4] x) => ({t}[1,4] y) <{t}[4,4] w> {{ y = MatMul(x, w) }}"
    (found,) = lint(text.format(t="double"), "PRF009")
    assert found.message == "MatMul computes in float64"
    assert lint(text.format(t="float"), "PRF009") == []


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        pytest.param("perm=[0,2,3,1]", "perm=[0,3,1,2]", 1, id="inverse"),
        pytest.param("perm=[0,2,3,1]", "perm=[0,2,3,1]", 0, id="not inverse"),
        pytest.param("perm=[3,2,1,0]", "", 1, id="reversal by default"),
    ],
)
def test_inverse_transposes(lint, first, second, count):
    nodes = f"a = Transpose<{first}>(x) y = Transpose{f'<{second}>' if second else ''}(a)"
    assert len(lint(f"g (float[1,2,3,4] x) => (float[1,2,3,4] y) {{ {nodes} }}", "PRF003")) == count


@pytest.mark.parametrize(
    ("nodes", "count"),
    [
        pytest.param("a = Relu(x) i = Identity(a) y = Exp(i)", 1, id="inside"),
        pytest.param("y = Identity(x)", 0, id="from an input to an output"),
        pytest.param("a = Relu(x) y = Identity(a)", 1, id="before an output"),
        pytest.param("a = Relu(x) d = Dropout(a) y = Exp(d)", 1, id="Dropout at inference"),
        pytest.param("a = Relu(x) d, m = Dropout(a) y = Exp(d)", 0, id="Dropout with a mask"),
    ],
)
def test_identity_operator(lint, nodes, count):
    assert len(lint(f"g (float[1,4] x) => (float[1,4] y) {{ {nodes} }}", "PRF006")) == count


def test_alike_nodes_are_told_once_and_all_repaired(lint, tmp_path):
    """Thirty identities give one finding; its data names all of them."""
    nodes = " ".join(f"[n{i}] t{i} = Identity({f't{i - 1}' if i else 'a'})" for i in range(30))
    (found,) = lint(f"g (float[4] x) => (float[4] y) {{ a = Relu(x) {nodes} y = Exp(t29) }}", "PRF006")
    assert found.message == "Identity returns its input (and 29 more nodes like it)"
    assert [label for label, _ in found.data["places"]] == [f"n{i}" for i in range(30)]
