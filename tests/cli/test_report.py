"""`archlint report`: the machine-readable contract, and the table for people."""

import json

import pytest

GOOD = "good (float[1, 3, 8, 8] x, float[4, 3, 1, 1] w) => (y) { y = Conv (x, w) }"
SEED = "seed (float[1, 512, 25, 25] x, float[128, 512, 1, 1] w) => (y) { [conv1] y = Conv <pads = [1, 1, 1, 1]> (x, w) }"
WEIGHTED = (
    "weighted (float[N, 3, 8, 8] x) => (y) <float[4, 3, 3, 3] w = {W}> {{ [conv1] y = Conv (x, w) }}".replace(
        "{W}", "{" + ", ".join(["0"] * 108) + "}"
    )
    .replace("{{", "{")
    .replace("}}", "}")
)
STRANGE = "strange (float[1, 4] x) => (y) { [odd] z = acme.Warp (x) [kept] y = Relu (z) }"


def rows(result):
    return [json.loads(line) for line in result.output.splitlines()]


def test_one_object_a_line_in_the_order_given(archlint, write):
    write("b.onnx", GOOD), write("a.onnx", SEED)
    result = archlint("report", "--format", "jsonl", "b.onnx", "a.onnx")
    assert result.exit_code == 0
    assert [row["path"] for row in rows(result)] == ["b.onnx", "a.onnx"]


def test_json_is_one_valid_document_for_several_files(archlint, write):
    write("b.onnx", GOOD), write("a.onnx", SEED)
    result = archlint("report", "--format", "json", "b.onnx", "a.onnx")
    assert [row["schema"] for row in json.loads(result.output)] == ["archlint-report/1"] * 2


def test_the_keys_of_the_contract(archlint, write):
    write("a.onnx", SEED)
    (row,) = rows(archlint("report", "--format", "jsonl", "a.onnx"))
    assert row["error"] is None
    assert row["opsets"] == {"": 17}
    assert row["inputs"][0] == {"name": "x", "dtype": "float32", "shape": [1, 512, 25, 25]}
    assert row["outputs"] == [{"name": "y", "dtype": "float32", "shape": [1, 128, 27, 27]}]
    totals = {k: row["totals"][k] for k in ("macs", "mults", "adds")}
    assert totals == {"macs": 47_775_744, "mults": 47_775_744, "adds": 47_682_432}
    (layer,) = row["layers"]
    assert (layer["name"], layer["op"], layer["scope"]) == ("conv1", "Conv", [])
    assert layer["output_shapes"] == [[1, 128, 27, 27]]
    assert row["tensors"]["y"] == {"dtype": "float32", "shape": [1, 128, 27, 27]}
    assert row["recurrent"] == []
    assert row["not_counted"] == []


def test_symbols_stay_in_the_totals_until_they_are_fixed(archlint, write):
    write("a.onnx", WEIGHTED)
    (row,) = rows(archlint("report", "--format", "jsonl", "a.onnx"))
    assert row["totals"]["macs"] == "3888*N"
    assert row["totals"]["params"] == 108
    assert row["symbols"] == {"N": {"min": 1}}
    (row,) = rows(archlint("report", "--format", "jsonl", "--dim", "N=8", "a.onnx"))
    assert row["totals"]["macs"] == 8 * 3888
    assert row["symbols"] == {}


def test_an_unknown_operator_is_listed_and_never_zero(archlint, write):
    write("a.onnx", STRANGE)
    (row,) = rows(archlint("report", "--format", "jsonl", "a.onnx"))
    assert {"op": "acme::Warp", "count": 1, "reason": "unknown operator"} in row["not_counted"]
    assert row["layers"][0]["macs"] is None
    assert row["tensors"]["z"] == {"dtype": None, "shape": None}


def test_a_file_that_cannot_be_read_costs_its_own_line_alone(archlint, write, tmp_path):
    write("a.onnx", SEED)
    (tmp_path / "empty.onnx").write_bytes(b"")
    result = archlint("report", "--format", "jsonl", "empty.onnx", "nothere.onnx", "a.onnx")
    assert result.exit_code == 2
    empty, absent, good = rows(result)
    assert (empty["error"]["code"], absent["error"]["code"], good["error"]) == ("IO003", "IO009", None)


@pytest.mark.parametrize(
    "argument",
    ["N", "N=", "N=x", "=8", "N=9..3"],
    ids=["no value", "empty", "word", "no name", "empty range"],
)
def test_a_dim_that_makes_no_sense_is_refused(archlint, write, argument):
    write("a.onnx", SEED)
    result = archlint("report", "--dim", argument, "a.onnx")
    assert result.exit_code == 2
    assert "--dim" in result.output
    assert "Traceback" not in result.output


def test_the_table_shows_exact_counts_and_totals(archlint, write):
    write("a.onnx", SEED)
    result = archlint("report", "a.onnx")
    assert result.exit_code == 0
    assert result.output.count("47,775,744") == 4
    assert result.output.count("47,682,432") == 2
    assert "[1, 128, 27, 27]" in result.output


def test_the_table_names_what_was_not_counted(archlint, write):
    write("a.onnx", STRANGE)
    assert "not counted: 1 x acme::Warp: unknown operator" in archlint("report", "a.onnx").output
