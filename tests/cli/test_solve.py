"""`archlint solve`: the inverse question on the command line."""

import json

import pytest

NET = "net (float[1, 3, H, 64] x, float[4, 3, 7, 7] w) => (y) { y = Conv <strides = [3, 3]> (x, w) }"


@pytest.mark.parametrize(
    ("layer", "output", "answer"),
    [
        pytest.param("k=9,s=3,p=1", "16", [52, 53, 54], id="kernel 9, stride 3, pad 1"),
        pytest.param("k=7,s=3,p=0", "16", [52, 53, 54], id="kernel 7, stride 3"),
        pytest.param("kernel=3,stride=2,pad=1,dilation=2", "8", [17, 18], id="long names, dilation"),
    ],
)
def test_one_layer(archlint, layer, output, answer):
    result = archlint("solve", "--conv", layer, "--output", output)
    assert result.exit_code == 0
    assert result.output.splitlines()[0].startswith(
        f"input {', '.join(map(str, answer))}   because floor((n + 2*"
    )
    result = archlint("solve", "--conv", layer, "--output", output, "--json")
    assert json.loads(result.output)["sizes"] == answer


def test_one_layer_that_has_no_answer_says_why(archlint):
    result = archlint("solve", "--conv", "k=1,p=1", "--output", "1")
    assert result.output == "no input gives 1: floor((n + 2*1 - 1)/1) + 1 is at least 3 (n = 1)\n"


def test_a_model(archlint, write):
    write("net.onnx", NET)
    result = archlint("solve", "net.onnx", "--output", "y[2]=16", "--input", "x[2]")
    assert result.output.splitlines() == [
        "x[2] = 52, 53, 54",
        "  because y[2] is (H + 2)//3 - 2",
        "  every row and column is read at 52",
    ]


def test_the_only_open_input_dim_needs_no_name(archlint, write):
    write("net.onnx", NET)
    assert archlint("solve", "net.onnx", "--output", "y[2]=16").output.startswith("x[2] = 52, 53, 54\n")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--output", "16"], id="neither model nor layer"),
        pytest.param(["--conv", "s=3", "--output", "16"], id="no kernel"),
        pytest.param(["--conv", "k=x", "--output", "16"], id="no number"),
        pytest.param(["--conv", "k=3,s=0", "--output", "16"], id="stride 0"),
        pytest.param(["net.onnx", "--output", "16"], id="no tensor"),
        pytest.param(["net.onnx", "--output", "z[2]=16"], id="no such tensor"),
        pytest.param(["net.onnx", "--output", "y[2]=16", "--input", "x[9]"], id="no such axis"),
        pytest.param(["absent.onnx", "--output", "y[2]=16"], id="no such file"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(archlint, write, arguments):
    write("net.onnx", NET)
    result = archlint("solve", *arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
