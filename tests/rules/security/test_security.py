import pytest
from onnx import TensorProto, helper, parser

HEADER = '<ir_version: 10, opset_import: ["": 17, "py": 1]>\n'


def external(location):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    model = parser.parse_model(HEADER + "g (float[4] x, float[4] w) => (float[4] y) { y = Add(x, w) }")
    del model.graph.input[1]
    model.graph.initializer.append(tensor)
    return model


@pytest.mark.parametrize(
    ("location", "escapes"),
    [
        ("../../etc/passwd", True),
        ("/etc/passwd", True),
        ("data/../../w.bin", True),
        ("C:\\Users\\w.bin", True),
        ("..\\w.bin", True),
        ("w.bin", False),
        ("data/w.bin", False),
        ("data/../w.bin", False),
        ("w..bin", False),
    ],
)
def test_external_paths(lint, location, escapes):
    assert [f.code for f in lint(external(location), "SEC001")] == ["SEC001"] * escapes


def with_metadata(text):
    model = parser.parse_model(HEADER + "g (float[4] x) => (float[4] y) { y = Relu(x) }")
    entry = model.graph.node[0].metadata_props.add()
    entry.key, entry.value = "trace", text
    return model


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("File '/home/eve/train.py', line 3", "an absolute path"),
        ("C:\\Users\\eve\\train.py", "an absolute path"),
        ("ghp_" + "a1" * 18, "what looks like a key"),
    ],
)
def test_metadata_that_tells_too_much(lint, text, told):
    (found,) = lint(with_metadata(text), "SEC002")
    assert found.message == f"metadata holds {told}"
    assert text not in found.message


def test_plain_metadata(lint):
    assert lint(with_metadata("layer 3 of the encoder, home/away"), "SEC002") == []


def test_python_operators(lint):
    text = "g (float[4] x) => (float[4] y) {{ y = py.{op}(x) }}"
    (found,) = lint(HEADER + text.format(op="PyOp"), "SEC004")
    assert found.message == "py::PyOp calls code that is not in the model"
    assert lint(HEADER + text.format(op="Mine"), "SEC004") == []
    model = parser.parse_model(HEADER + text.format(op="PyOp"))
    model.functions.append(
        helper.make_function(
            "py",
            "PyOp",
            ["p"],
            ["r"],
            [helper.make_node("Relu", ["p"], ["r"])],
            [helper.make_opsetid("", 17)],
        )
    )
    assert lint(model, "SEC004") == []
